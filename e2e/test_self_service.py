"""The app that lists plans, gives out keys and reports usage: built in, and as a service with the AWS SDK."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import quote

import pytest

from arrange import Key, a_key, a_plan, an_api, replace, today, unique, usage_becomes
from callers import FORBIDDEN, call, crowd
from deploying import TOOLS, Deployer, missing_tools
from harness import ACCESS_KEY_ID, ROOT, SECRET_ACCESS_KEY, environment


@dataclass
class App:
    """The app, deployed, and the value of a key that opens it."""

    node: object
    api: str
    path: str
    admin: str
    admin_plan: str

    def ask(self, what, key=None, method="GET"):
        return call(self.node.gateway, f"{self.path}/{what}", key or self.admin, method=method, timeout=60)

    def usage(self, plan, key=None, since=None, until=None, more=""):
        key = f"&keyId={key}" if key else ""
        return self.ask(f"getUsage?from={since or today()}&to={until or today()}&usagePlanId={plan}{key}{more}")

    def add_key(self, name, plan, key=None):
        return self.ask(f"addKey?name={quote(name, safe='')}&usagePlanId={plan}", key, method="POST")


def built_in(node, _folder):
    client, deployer = node.client(), Deployer(node)
    plan = client.create_usage_plan(name="admins", throttle={"rateLimit": 1000, "burstLimit": 1000})["id"]
    admin = a_key(client, plan)
    said, _ = deployer.run("self-service", "enable", "--stage", "dev", "--admin-plan", "admins")
    api, path = re.search(r"^stage dev is called at http://[^/]+(/_aws/execute-api/(\w+)/dev)$", said, re.M).group(2, 1)
    return App(node, api, path, admin.value, plan)


def package(folder):
    """A copy of the service, with what its functions are made of in one file."""
    shutil.copytree(ROOT / "examples" / "serverless-self-service", folder)
    settings = folder / "serverless.yml"
    limits = "burstLimit: 20, rateLimit: 10"
    assert limits in settings.read_text()
    settings.write_text(settings.read_text().replace(limits, "burstLimit: 1000, rateLimit: 1000"))
    command = [TOOLS / "node_modules/.bin/esbuild", "handler.js", "--bundle", "--platform=node", "--log-level=warning"]
    surroundings = {**environment(), "NODE_PATH": str(TOOLS / "node_modules")}
    subprocess.run([*command, "--outfile=dist/handler.js"], cwd=folder, env=surroundings, check=True, timeout=120)
    return folder


def as_a_service(node, folder, endpoint=None):
    """The service of `examples/`, deployed; its functions speak to the node, or to `endpoint`."""
    credentials = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}
    deployer = Deployer(node, AWS_ENDPOINT_URL=endpoint or node.endpoint_url, **credentials)
    _, stages = deployer.deploy("--serverless", package(folder / "service"))
    ids = deployer.ids("self-service-dev")
    admin = "the-key-of-the-administrator"
    return App(node, ids["ApiGatewayRestApi"], stages["dev"], admin, ids["ApiGatewayUsagePlanAdmin"])


KINDS = {"built in": built_in, "as a service": as_a_service}


@pytest.fixture(scope="module", params=KINDS)
def app(request, starter, tmp_path_factory):
    if request.param == "as a service" and missing_tools():
        pytest.skip(f"needs {missing_tools()}")
    node = starter()
    yield KINDS[request.param](node, tmp_path_factory.mktemp("app"))
    node.end()


def key_names(app):
    pages = app.node.client().get_paginator("get_api_keys").paginate()
    return sorted(key.get("name", "") for page in pages for key in page["items"])


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_the_samples_of_its_readme_work_as_they_are_written(app):
    client = app.node.client()
    free = client.create_usage_plan(name=unique("free"), quota={"limit": 5, "period": "DAY"})["id"]
    url = "http://{}:{}".format(*app.node.gateway) + app.path

    def curl(verb, rest):
        command = ["curl", "--silent", "--show-error", "--request", verb, "--url", url + rest]
        command += ["--header", f"x-api-key: {app.admin}", "--write-out", "\n%{http_code} %{content_type}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        body, _, last = said.rpartition("\n")
        assert last == "200 application/json", said
        return json.loads(body)

    plans = curl("GET", "/getUsagePlans")
    assert plans == {"items": client.get_usage_plans(limit=500)["items"]}
    assert free in [plan["id"] for plan in plans["items"]]
    made = curl("POST", f"/addKey?name=johndoe%40mail.com&usagePlanId={free}")
    assert set(made) == {"apiKeyId", "apiKeyToken", "message"}
    key = client.get_api_key(apiKey=made["apiKeyId"], includeValue=True)
    assert (key["name"], key["value"], key["enabled"]) == ("johndoe@mail.com", made["apiKeyToken"], True)
    assert [joined["id"] for joined in client.get_usage_plan_keys(usagePlanId=free)["items"]] == [key["id"]]
    day = today()
    usage = curl("GET", f"/getUsage?from={day}&to={day}&usagePlanId={free}&keyId={key['id']}")
    assert usage == {"usagePlanId": free, "startDate": day, "endDate": day, "items": {key["id"]: [[0, 5]]}}


def test_a_key_that_is_given_out_works_at_once_is_limited_and_reported(app, upstream, one_day):
    client = app.node.client()
    api = an_api(client, upstream)
    plan = a_plan(client, api, quota={"limit": 2, "period": "DAY"})
    made = app.add_key("johndoe@mail.com", plan).json
    statuses = [call(app.node.gateway, api.path(), made["apiKeyToken"]).status for _ in range(3)]
    assert statuses == [200, 200, 429]
    usage_becomes(client, plan, Key(made["apiKeyId"], made["apiKeyToken"]), (2, 0))
    assert app.usage(plan).json["items"] == {made["apiKeyId"]: [[2, 0]]}


def test_only_keys_of_the_admin_plan_are_answered(app):
    client = app.node.client()
    other = client.create_usage_plan(name=unique())["id"]
    given_out = app.add_key("joe", other).json["apiKeyToken"]
    lost = a_key(client).value
    before = key_names(app)
    for key in (given_out, lost, "nobody-has-this-value-at-all"):
        for what, method in [("getUsagePlans", "GET"), (f"addKey?name=more&usagePlanId={other}", "POST")]:
            assert app.ask(what, key, method).refusal == FORBIDDEN
    assert call(app.node.gateway, app.path + "/getUsagePlans").refusal == FORBIDDEN
    disabled = a_key(client, app.admin_plan, enabled=False).value
    assert app.ask("getUsagePlans", disabled).refusal == FORBIDDEN
    assert len(key_names(app)) == len(before) + 1


def test_no_key_is_given_out_that_could_make_more(app):
    before = key_names(app)
    answer = app.add_key("eve", app.admin_plan)
    assert answer.status == 403 and "open this API" in answer.json["message"]
    assert key_names(app) == before


def test_a_plan_without_keys_works(app):
    plan = app.node.client().create_usage_plan(name=unique("empty"))["id"]
    assert app.usage(plan).json["items"] == {}
    made = app.add_key("first", plan).json
    assert app.usage(plan, made["apiKeyId"]).json["items"] == {made["apiKeyId"]: [[0, -1]]}


WRONG = {
    "no plan": ("getUsage?from=2026-11-01&to=2026-11-02", 400),
    "nothing at all": ("getUsage", 400),
    "an empty plan": ("getUsage?from=2026-11-01&to=2026-11-02&usagePlanId=", 400),
    "no dates": ("getUsage?usagePlanId={plan}", 400),
    "no date": ("getUsage?from=yesterday&to=2026-11-02&usagePlanId={plan}", 400),
    "a day that is not there": ("getUsage?from=2026-02-30&to=2026-03-01&usagePlanId={plan}", 400),
    "an end before the start": ("getUsage?from=2026-11-02&to=2026-11-01&usagePlanId={plan}", 400),
    "a range of years": ("getUsage?from=2020-01-01&to=2026-11-01&usagePlanId={plan}", 400),
    "an unknown plan": ("getUsage?from=2026-11-01&to=2026-11-02&usagePlanId=nope42", 404),
    "no plan's id": ("getUsage?from=2026-11-01&to=2026-11-02&usagePlanId=..%2F..%2Fapikeys%3Fa", 404),
    "a bad position": ("getUsagePlans?position=zz", 400),
    "a bad limit": ("getUsagePlans?limit=many", 400),
    "a key without name": ("addKey?usagePlanId={plan}", 400),
    "a key with a blank name": ("addKey?name=%20%20&usagePlanId={plan}", 400),
    "a key without plan": ("addKey?name=joe", 400),
    "a key with a long name": ("addKey?name=" + "n" * 1025 + "&usagePlanId={plan}", 400),
    "a key in an unknown plan": ("addKey?name=joe&usagePlanId=nope42", 404),
    "a key in no plan's id": ("addKey?name=joe&usagePlanId=%00%2F%3F", 404),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_and_leaves_no_key(app, what):
    plan = app.node.client().create_usage_plan(name=unique())["id"]
    before, (asked, status) = key_names(app), WRONG[what]
    answer = app.ask(asked.format(plan=plan), method="POST" if asked.startswith("addKey") else "GET")
    assert (answer.status, list(answer.json)) == (status, ["message"]), answer.body
    assert answer.headers["content-type"] == "application/json" and answer.json["message"]
    assert key_names(app) == before


@pytest.mark.parametrize("name", ["Zoë 🦊 Müller", "王小明", "a,b\"c'd\\e", "n" * 1024, "=1+1", "<script>"])
def test_a_name_is_kept_as_it_is(app, name):
    plan = app.node.client().create_usage_plan(name=unique())["id"]
    made = app.add_key(name, plan).json
    assert app.node.client().get_api_key(apiKey=made["apiKeyId"])["name"] == name


def test_lists_are_whole_or_paged_as_aws_pages_them(app):
    client = app.node.client()
    plans = {client.create_usage_plan(name=unique("paged"))["id"] for _ in range(30)}
    whole = app.ask("getUsagePlans").json
    assert set(whole) == {"items"} and plans <= {plan["id"] for plan in whole["items"]}

    seen, position = [], ""
    while position is not None:
        page = app.ask(f"getUsagePlans?limit=7{position and '&position=' + position}").json
        assert len(page["items"]) <= 7
        seen += page["items"]
        position = page.get("position")
    assert seen == whole["items"]

    plan = a_plan(client)
    keys = [app.add_key(f"joe {number}", plan).json["apiKeyId"] for number in range(3)]
    first = app.usage(plan, more="&limit=2").json
    expected = without_metadata(client.get_usage(usagePlanId=plan, startDate=today(), endDate=today(), limit=2))
    assert first == expected and set(first["items"]) <= set(keys)


def test_many_at_once_each_get_a_key_of_their_own(app):
    plan = app.node.client().create_usage_plan(name=unique())["id"]
    answers = crowd(8, lambda number: app.add_key(f"of the crowd {number}", plan))
    assert [answer.status for answer in answers] == [200] * 8
    joined = app.node.client().get_usage_plan_keys(usagePlanId=plan, limit=500)["items"]
    assert sorted(key["id"] for key in joined) == sorted(answer.json["apiKeyId"] for answer in answers)


class Refusing(BaseHTTPRequestHandler):
    """A management API at which joining a plan fails."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.command == "POST" and re.fullmatch(r"/usageplans/\w+/keys", self.path):
            status, headers, said = 409, {"x-amzn-errortype": "ConflictException"}, b'{"message": "not now"}'
        else:
            status, headers, said = self.passed_on(body)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(said))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_DELETE = answer

    def passed_on(self, body):
        upstream = HTTPConnection(*self.server.upstream, timeout=30)
        upstream.request(self.command, self.path, body=body or None, headers=dict(self.headers.items()))
        answer = upstream.getresponse()
        kept = {name: value for name, value in answer.getheaders() if name.lower() in ("content-type", "x-amzn-errortype")}
        said = answer.read()
        upstream.close()
        return answer.status, kept, said

    def log_message(self, *_):
        pass


@pytest.mark.skipif(bool(missing_tools()), reason=f"needs {missing_tools()}")
def test_the_service_takes_a_key_back_that_its_plan_refuses(starter, tmp_path):
    node = starter()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    server.upstream = node.management
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        app = as_a_service(node, tmp_path, endpoint="http://127.0.0.1:{}".format(server.server_address[1]))
        plan = node.client().create_usage_plan(name=unique())["id"]
        answer = app.add_key("joe", plan)
        assert (answer.status, answer.json) == (409, {"message": "not now"})
        assert key_names(app) == ["admin"]
    finally:
        server.shutdown()
        server.server_close()
        node.end()


@pytest.fixture
def own(starter, tmp_path):
    """The app that is built in, on a node of the test's own."""
    app = built_in(starter(), tmp_path)
    yield app
    app.node.end()


def cli(app, *arguments, code=0):
    return Deployer(app.node).run("self-service", *arguments, code=code)


def test_it_outlives_restarts_and_being_enabled_and_deployed_again(own, one_day):
    client = own.node.client()
    plan = client.create_usage_plan(name="free")["id"]
    made = own.add_key("joe", plan).json["apiKeyId"]
    said, told = cli(own, "enable", "--stage", "dev", "--admin-plan", own.admin_plan)
    assert (said, told) == (cli(own, "status")[0], "")
    assert len(client.get_rest_apis()["items"]) == len(client.get_deployments(restApiId=own.api)["items"]) == 1
    assert own.node.stop() == 0
    own.node.start()
    assert own.usage(plan, made).json["items"] == {made: [[0, -1]]}
    client = own.node.client()
    client.create_deployment(restApiId=own.api, stageName="dev")
    assert own.ask("getUsagePlans").status == 200
    used = client.get_usage(usagePlanId=own.admin_plan, startDate=today(), endDate=today())["items"]
    assert sum(day[0] for days in used.values() for day in days) == 3


def test_what_somebody_changed_is_mended_by_enabling_again(own):
    client = own.node.client()
    resources = client.get_resources(restApiId=own.api, limit=500)["items"]
    adds = next(resource["id"] for resource in resources if resource["path"] == "/addKey")
    method = {"restApiId": own.api, "resourceId": adds, "httpMethod": "POST"}
    client.update_method(**method, patchOperations=[replace("/apiKeyRequired", "false")])
    client.create_deployment(restApiId=own.api, stageName="dev")
    # The function looks for a key itself.
    plan = client.create_usage_plan(name="free")["id"]
    path = f"{own.path}/addKey?name=eve&usagePlanId={plan}"
    before = key_names(own)
    assert call(own.node.gateway, path, method="POST").status == 403
    assert key_names(own) == before
    cli(own, "enable", "--stage", "dev", "--admin-plan", own.admin_plan)
    assert client.get_method(**method)["apiKeyRequired"] is True
    assert call(own.node.gateway, path, method="POST").refusal == FORBIDDEN
    assert own.add_key("joe", plan).status == 200


def test_another_plan_that_covers_the_stage_does_not_open_it(own):
    client = own.node.client()
    other = client.create_usage_plan(name="other", apiStages=[{"apiId": own.api, "stage": "dev"}])["id"]
    key = a_key(client, other).value
    assert own.add_key("eve", other, key).status == own.add_key("eve", other).status == 403
    _, told = cli(own, "enable", "--stage", "dev", "--admin-plan", "admins")
    assert "the plan other opens it no more" in told
    assert own.ask("getUsagePlans", key).refusal == FORBIDDEN
    assert own.add_key("joe", other).status == 200


def test_the_admin_plan_can_be_another(own):
    client = own.node.client()
    other = client.create_usage_plan(name="other")["id"]
    key = a_key(client, other).value
    cli(own, "enable", "--stage", "dev", "--admin-plan", "other")
    assert own.ask("getUsagePlans").refusal == FORBIDDEN
    assert own.ask("getUsagePlans", key).status == 200
    assert own.add_key("joe", own.admin_plan, key).status == 200
    assert own.add_key("eve", other, key).status == 403


def test_plans_that_are_named_are_all_it_is_about(own):
    client = own.node.client()
    plans = {name: client.create_usage_plan(name=name)["id"] for name in ("free", "paid", "secret")}
    said, told = cli(own, "enable", "--stage", "dev", "--admin-plan", "admins", "--plans", f"free,{plans['paid']}")
    assert f"plans given out: free ({plans['free']}), paid ({plans['paid']})" in said and told == ""
    assert {plan["name"] for plan in own.ask("getUsagePlans").json["items"]} == {"free", "paid"}
    assert own.add_key("joe", plans["free"]).status == own.usage(plans["paid"]).status == 200
    for answer in (own.add_key("joe", plans["secret"]), own.usage(plans["secret"]), own.add_key("eve", own.admin_plan)):
        assert (answer.status, answer.json["message"]) == (403, "This plan is not given out here")
    _, told = cli(own, "enable", "--stage", "dev", "--admin-plan", "admins", "--plans", "free,admins")
    assert "whoever has a key of it can make more" in told
    assert own.add_key("ann", own.admin_plan).status == 200
    cli(own, "enable", "--stage", "dev", "--admin-plan", "admins")
    assert own.add_key("joe", plans["secret"]).status == 200
    assert own.add_key("eve", own.admin_plan).status == 403


def test_keys_of_an_app_are_given_out_by_no_other(own):
    client = own.node.client()
    client.create_usage_plan(name="partners")
    said, _ = cli(own, "enable", "--stage", "dev", "--admin-plan", "partners", "--api", "for-partners")
    path = re.search(r"http://[^/]+(/\S+)", said)[1]
    partners = next(plan["id"] for plan in client.get_usage_plans()["items"] if plan["name"] == "partners")
    partner = a_key(client, partners).value
    answer = call(own.node.gateway, f"{path}/addKey?name=eve&usagePlanId={own.admin_plan}", partner, method="POST")
    assert answer.status == 403
    assert own.add_key("eve", partners).status == 403
    cli(own, "disable", "--api", "for-partners")
    assert own.add_key("joe", partners).status == 200


def test_it_goes_without_a_trace_but_for_the_keys_that_it_gave_out(own):
    client = own.node.client()
    plan = client.create_usage_plan(name="free")["id"]
    own.add_key("joe", plan)
    cli(own, "enable", "--stage", "prod", "--admin-plan", "admins")
    cli(own, "disable", "--stage", "dev")
    assert own.ask("getUsagePlans").status == 403
    assert [stage["stage"] for stage in client.get_usage_plan(usagePlanId=own.admin_plan)["apiStages"]] == ["prod"]
    assert "has no stage dev" in cli(own, "disable", "--stage", "dev")[1]
    cli(own, "disable", "--stage", "prod")
    assert client.get_rest_apis()["items"] == client.get_usage_plan(usagePlanId=own.admin_plan)["apiStages"] == []
    assert cli(own, "status")[0] == "self-service is not enabled\n"
    assert "there is no self-service app" in cli(own, "disable")[1]
    assert "joe" in key_names(own)


REFUSED = {
    "a plan that is not there": (["--stage", "dev", "--admin-plan", "none"], "there is no usage plan none"),
    "a name of two": (["--stage", "dev", "--admin-plan", "twins"], "several usage plans are named twins"),
    "no stage's name": (["--stage", "a/b", "--admin-plan", "admins"], "the name of a stage has letters"),
    "an API of somebody's": (["--stage", "dev", "--admin-plan", "admins", "--api", "mine"], "is not the self-service app"),
    "plans that are not there": (["--stage", "dev", "--admin-plan", "admins", "--plans", "a,b"], "there is no usage plan a"),
}


@pytest.fixture(scope="module")
def untouched(starter):
    node = starter()
    client = node.client()
    for name in ("admins", "twins", "twins"):
        client.create_usage_plan(name=name)
    client.create_rest_api(name="mine")
    yield node
    node.end()


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_enabled_is_told_and_changes_nothing(untouched, what):
    arguments, said = REFUSED[what]
    why = Deployer(untouched).run("self-service", "enable", *arguments, code=1)[1]
    assert said in why and "othing was changed" in why
    assert [api["name"] for api in untouched.client().get_rest_apis()["items"]] == ["mine"]


def test_the_function_answers_nobody_who_is_no_proxy(own):
    plan = own.node.client().create_usage_plan(name="free")["id"]
    event = {"httpMethod": "POST", "resource": "/addKey", "queryStringParameters": {"name": "eve", "usagePlanId": plan}}
    for payload in (json.dumps(event), "[]", "{}", "nonsense"):
        with Deployer(own.node).start("function", "invoke", "tollgate:self-service", "--payload", payload) as process:
            answer = process.communicate(timeout=30)[0]
        assert '"statusCode":403' in answer or process.returncode == 1, answer
    assert "eve" not in key_names(own)
