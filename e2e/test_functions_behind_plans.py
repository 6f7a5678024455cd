"""Functions in JavaScript, Python and Rust behind AWS_PROXY: their callers keep to a usage plan, and what a function
does wrong is answered."""

import json
import shutil

import pytest

from arrange import Api, a_key, a_plan, unique, usage_becomes
from callers import LIMIT_EXCEEDED, call, crowd, signed
from harness import BINARY
from test_functions import archive, lambda_client

PYTHON = """
import os, sys, time

def handler(event, context):
    wish = (event["queryStringParameters"] or {}).get("wish")
    if wish == "throw":
        raise ValueError("told to")
    if wish == "hang":
        time.sleep(600)
    if wish == "exit":
        os._exit(3)
    if wish == "nonsense":
        return "nonsense"
    if wish == "chatter":
        for _ in range(10 * 1024):
            print("x" * 1023)
    return {"statusCode": 200, "body": event["path"]}
"""
NODE = """
exports.handler = async (event) => {
  const wish = (event.queryStringParameters || {}).wish;
  if (wish === "throw") throw new Error("told to");
  if (wish === "hang") await new Promise((resolve) => setTimeout(resolve, 600000));
  if (wish === "exit") process.exit(3);
  if (wish === "nonsense") return "nonsense";
  if (wish === "chatter") for (let line = 0; line < 10 * 1024; line += 1) console.log("x".repeat(1023));
  return { statusCode: 200, body: event.path };
};
"""
ROLE = "arn:aws:iam::000000000000:role/any"
#: The program of the runtime `provided` that the tests of the functions crate build.
RUST = BINARY.parent / "examples" / "echo"


def of_rust(folder):
    if not RUST.exists():
        pytest.fail(f"there is no {RUST}; build it: cargo build -p tollgate-functions --examples")
    shutil.copy(RUST, folder / "bootstrap")
    return {"Runtime": "provided.al2023", "Handler": "none", "Code": {"Folder": str(folder)}}


def packed(runtime, handler, **files):
    return lambda _folder: {"Runtime": runtime, "Handler": handler, "Code": {"ZipFile": archive(**files)}}


KINDS = {
    "python": packed("python3.12", "app.handler", app__py=PYTHON),
    "node": packed("nodejs20.x", "index.handler", index__js=NODE),
    "rust": of_rust,
}


def behind_aws_proxy(tollgate, client, settings):
    """An API that hands all calls to a function."""
    arn = create(tollgate, FunctionName=unique("fn"), Role=ROLE, Timeout=3, **settings)
    api = client.create_rest_api(name=unique("api"))
    proxy = client.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart="{proxy+}")["id"]
    method = {"restApiId": api["id"], "resourceId": proxy, "httpMethod": "ANY"}
    client.put_method(**method, authorizationType="NONE", apiKeyRequired=True)
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    client.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    client.create_deployment(restApiId=api["id"], stageName="dev")
    return Api(api["id"], "dev", api["rootResourceId"], proxy)


def create(tollgate, **settings):
    """Makes a function. Code in a folder or at an endpoint is Tollgate's extension, which boto3 does not know."""
    if "ZipFile" in settings["Code"]:
        return lambda_client(tollgate).create_function(**settings)["FunctionArn"]
    body = json.dumps(settings).encode()
    answer = signed(tollgate, "POST", "/2015-03-31/functions", body, service="lambda")
    assert answer.status == 201, answer.body
    return answer.json["FunctionArn"]


@pytest.fixture(params=KINDS)
def served(request, tollgate, client, tmp_path):
    return behind_aws_proxy(tollgate, client, KINDS[request.param](tmp_path))


def test_200_calls_at_once_share_a_quota_exactly(tollgate, client, served):
    plan = a_plan(client, served, quota={"limit": 150, "period": "DAY"})
    key = a_key(client, plan)
    assert call(tollgate.gateway, served.path("/warm"), key.value).status == 200
    answers = crowd(200, lambda number: call(tollgate.gateway, served.path(f"/{number}"), key.value, timeout=60))
    admitted = [number for number, answer in enumerate(answers) if answer.status == 200]
    assert len(admitted) == 149
    assert all(answers[number].body.decode() == f"/{number}" for number in admitted)
    assert all(answer.refusal == LIMIT_EXCEEDED for answer in answers if answer.status != 200)
    usage_becomes(client, plan, key, (150, 0))


@pytest.fixture
def wilful(client, served):
    """A function that does what it is told to, its key, and the plan that counts."""
    plan = a_plan(client, served, quota={"limit": 100, "period": "DAY"})
    return served, a_key(client, plan), plan


@pytest.mark.parametrize("wish", ["throw", "hang", "exit", "nonsense"])
def test_what_a_function_does_wrong_is_a_502_that_counts_and_the_next_call_is_served(
    tollgate, client, wilful, one_day, wish
):
    api, key, plan = wilful
    answer = call(tollgate.gateway, api.path(f"/pets?wish={wish}"), key.value, timeout=60)
    assert (answer.status, answer.message) == (502, "Internal server error")
    assert call(tollgate.gateway, api.path(), key.value, timeout=60).body == b"/pets"
    usage_becomes(client, plan, key, (2, 98))


def test_a_function_that_logs_10_megabytes_is_answered_and_its_log_is_cut(tollgate, wilful):
    api, key, _ = wilful
    before = tollgate.log_file.stat().st_size
    assert call(tollgate.gateway, api.path("/pets?wish=chatter"), key.value, timeout=60).body == b"/pets"
    assert call(tollgate.gateway, api.path(), key.value, timeout=60).body == b"/pets"
    assert tollgate.log_file.stat().st_size - before < 5_000_000
