"""Functions, from outside: made by the unmodified `aws lambda` and boto3, and run."""

import base64
import io
import json
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from arrange import unique
from harness import ACCESS_KEY_ID, BINARY, REGION, SECRET_ACCESS_KEY, environment, poll

PYTHON = """
import os, time
def handler(event, context):
    print("called with", event)
    if event.get("fail"):
        raise ValueError("told to fail")
    if event.get("file"):
        open(event["file"], "w").write(str(os.getpid()))
    if event.get("hang"):
        time.sleep(600)
    return {"got": event, "pid": os.getpid(), "colour": os.environ.get("COLOUR"), "names": sorted(os.environ)}
"""
NODE = "exports.handler = async (event, context) => ({ got: event, name: context.functionName })"


def archive(**files):
    """A zip of files; `__` stands for the dot in a name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, text in files.items():
            packed.writestr(name.replace("__", "."), text)
    return out.getvalue()


def lambda_client(tollgate):
    return boto3.client(
        "lambda",
        endpoint_url=tollgate.endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60, max_pool_connections=64),
    )


@pytest.fixture(scope="session")
def functions(tollgate):
    return lambda_client(tollgate)


def make(client, name=None, code=PYTHON, **settings):
    name = name or unique("fn")
    client.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/any",
        Handler="app.handler",
        Code={"ZipFile": archive(app__py=code)},
        **settings,
    )
    return name


def invoke(client, name, event, **settings):
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event), **settings)
    return answer, json.loads(answer["Payload"].read() or "null")


def refused(code, call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    assert raised.value.response["Error"]["Code"] == code
    return raised.value.response["Error"]["Message"]


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def aws_lambda(tollgate, tmp_path):
    """Runs the unmodified `aws lambda`."""
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": tollgate.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
    }

    def run(*arguments):
        command = [str(Path(sys.executable).parent / "aws"), "lambda", *arguments]
        done = subprocess.run(command, env=variables, timeout=60, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


def test_the_aws_cli_makes_calls_lists_and_deletes_a_function(aws_lambda, tmp_path):
    packed, answer = tmp_path / "code.zip", tmp_path / "answer.json"
    packed.write_bytes(archive(index__js=NODE))
    name = unique("cli")
    made = aws_lambda(
        "create-function", "--function-name", name, "--runtime", "nodejs20.x", "--handler", "index.handler",
        "--role", "arn:aws:iam::000000000000:role/any", "--zip-file", f"fileb://{packed}",
    )  # fmt: skip
    assert made["FunctionArn"] == f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    said = aws_lambda(
        "invoke", "--function-name", made["FunctionArn"],
        "--payload", '{"pet": "dog"}', "--log-type", "Tail", str(answer),
    )  # fmt: skip
    assert json.loads(answer.read_text()) == {"got": {"pet": "dog"}, "name": name}
    assert (said["StatusCode"], said["ExecutedVersion"]) == (200, "$LATEST")
    assert "REPORT RequestId" in base64.b64decode(said["LogResult"]).decode()
    assert name in [function["FunctionName"] for function in aws_lambda("list-functions")["Functions"]]
    aws_lambda("delete-function", "--function-name", name)
    assert name not in [function["FunctionName"] for function in aws_lambda("list-functions")["Functions"]]


def test_what_is_read_back_is_what_was_made(functions):
    name = make(functions, Timeout=7, MemorySize=256, Environment={"Variables": {"COLOUR": "red"}}, Tags={"a": "b"})
    shown = functions.get_function(FunctionName=name)
    configuration = shown["Configuration"]
    assert functions.get_function_configuration(FunctionName=name)["RevisionId"] == configuration["RevisionId"]
    expected = {"Timeout": 7, "MemorySize": 256, "Runtime": "python3.12", "Handler": "app.handler", "State": "Active"}
    assert {key: configuration[key] for key in expected} == expected
    assert configuration["Environment"]["Variables"] == {"COLOUR": "red"}
    assert shown["Tags"] == {"a": "b"}
    assert configuration["CodeSize"] > 0 and len(base64.b64decode(configuration["CodeSha256"])) == 32


def test_a_change_of_code_or_settings_shows_in_the_next_call(functions):
    name = make(functions)
    assert invoke(functions, name, {})[1]["colour"] is None
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"COLOUR": "blue"}}, Timeout=5
    )
    assert invoke(functions, name, {})[1]["colour"] == "blue"
    functions.update_function_code(FunctionName=name, ZipFile=archive(app__py="def handler(event, context): return 2"))
    assert invoke(functions, name, {})[1] == 2
    revision = functions.get_function(FunctionName=name)["Configuration"]["RevisionId"]
    functions.update_function_configuration(FunctionName=name, Description="newer", RevisionId=revision)
    update = functions.update_function_configuration
    refused("PreconditionFailedException", update, FunctionName=name, Description="stale", RevisionId=revision)


def test_failures_events_and_dry_runs_are_told_as_on_lambda(functions, tmp_path):
    name = make(functions, Timeout=1)
    answer, error = invoke(functions, name, {"fail": True})
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "told to fail")
    answer, error = invoke(functions, name, {"hang": True})
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert invoke(functions, name, {}, InvocationType="DryRun")[0]["StatusCode"] == 204
    file = tmp_path / "event"
    assert invoke(functions, name, {"file": str(file)}, InvocationType="Event")[0]["StatusCode"] == 202
    poll(file.exists, within=20, what="the event")


def test_a_function_sees_nothing_of_the_nodes_environment(functions):
    names = invoke(functions, make(functions), {})[1]["names"]
    assert not [name for name in names if name.startswith("TOLLGATE")]
    assert "AWS_LAMBDA_RUNTIME_API" in names


def test_refusals_have_the_codes_of_lambda(functions):
    name = make(functions)
    text = refused("ResourceNotFoundException", functions.get_function, FunctionName="no-such")
    assert text == f"Function not found: arn:aws:lambda:us-east-1:000000000000:function:no-such"
    refused("ResourceNotFoundException", functions.invoke, FunctionName="no-such")
    refused("ResourceNotFoundException", functions.invoke, FunctionName=name, Qualifier="prod")
    settings = {"Runtime": "python3.12", "Role": "arn:aws:iam::000000000000:role/any", "Handler": "app.handler"}
    create, code = functions.create_function, {"ZipFile": archive(app__py="")}
    text = refused("ResourceConflictException", create, FunctionName=name, Code=code, **settings)
    assert text == f"Function already exist: {name}"
    bucket = {"S3Bucket": "my-bucket", "S3Key": "code.zip"}
    text = refused("InvalidParameterValueException", create, FunctionName="other", Code=bucket, **settings)
    assert "S3Bucket" in text
    refused("InvalidParameterValueException", create, FunctionName="x", Code={"ZipFile": b"no zip"}, **settings)
    refused("InvalidParameterValueException", create, FunctionName="x", Code=code, **{**settings, "Runtime": "java21"})
    refused("ValidationException", create, FunctionName="x", Code=code, Timeout=901, **settings)
    outside = {"ZipFile": archive(**{"../../escaped": "x"})}
    refused("InvalidParameterValueException", create, FunctionName="x", Code=outside, **settings)


def test_permissions_are_kept_as_a_policy(functions):
    name = make(functions)
    refused("ResourceNotFoundException", functions.get_policy, FunctionName=name)
    statement = {
        "FunctionName": name,
        "StatementId": "gateway",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc/*",
    }
    functions.add_permission(**statement)
    refused("ResourceConflictException", functions.add_permission, **statement)
    policy = json.loads(functions.get_policy(FunctionName=name)["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "apigateway.amazonaws.com"}
    functions.remove_permission(FunctionName=name, StatementId="gateway")
    refused("ResourceNotFoundException", functions.get_policy, FunctionName=name)
    remove = functions.remove_permission
    refused("ResourceNotFoundException", remove, FunctionName=name, StatementId="gateway")


def test_lists_come_in_pages(functions):
    names = {make(functions, unique("paged")) for _ in range(3)}
    pages = functions.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1})
    listed = [function["FunctionName"] for page in pages for function in page["Functions"]]
    assert names <= set(listed) and len(listed) == len(set(listed))


def test_nobody_without_a_signature_for_lambda_is_answered(tollgate, client):
    assert tollgate.get_management("/2015-03-31/functions/")[0] == 403
    stranger = boto3.client(
        "lambda",
        endpoint_url=tollgate.endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key="wrong",
    )
    refused("InvalidSignatureException", stranger.list_functions)


def test_many_calls_at_once_are_all_answered(functions):
    name = make(functions)
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda n: invoke(functions, name, {"n": n})[1], range(200)))
    assert [answer["got"]["n"] for answer in answers] == list(range(200))
    assert len({answer["pid"] for answer in answers}) <= 16


def test_functions_outlive_a_restart_and_their_processes_do_not(start, tmp_path):
    tollgate = start(data_dir=tmp_path / "data")
    name = make(lambda_client(tollgate))
    before = invoke(lambda_client(tollgate), name, {})[1]["pid"]
    assert tollgate.stop() == 0
    assert gone(before)
    tollgate.start()
    after = invoke(lambda_client(tollgate), name, {})[1]["pid"]
    tollgate.kill()
    poll(lambda: gone(after), within=10, what="the end of the function's process")


def test_the_command_line_makes_a_function_of_a_folder(start, tmp_path):
    tollgate = start()
    code = tmp_path / "code"
    code.mkdir()
    (code / "index.mjs").write_text("export const handler = async (event) => ({ ...event, colour: process.env.COLOUR })")
    management = "{}:{}".format(*tollgate.management)

    def run(*arguments, code=0):
        command = [str(BINARY), "function", *arguments, "--management", management]
        done = subprocess.run(
            command, env=environment(TOLLGATE_DATA_DIR=tollgate.data_dir), timeout=60, capture_output=True, text=True
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    run("add", "pets", "--runtime", "nodejs20.x", "--handler", "index.handler", "--code", str(code), "--env", "COLOUR=red")
    assert json.loads(run("invoke", "pets", "--payload", '{"n": 1}')) == {"n": 1, "colour": "red"}
    run("add", "far", "--endpoint", tollgate.endpoint_url)
    assert [line.split()[0] for line in run("list").splitlines()] == ["far", "pets"]
    run("remove", "pets")
    assert "Function not found" in run("remove", "pets", code=1)


def test_a_configured_function_runs_and_cannot_be_changed(starter, tmp_path):
    code = tmp_path / "code"
    code.mkdir()
    (code / "app.py").write_text(PYTHON)
    config = tmp_path / "tollgate.toml"
    config.write_text(
        f'[functions.pets]\nruntime = "python3.12"\nhandler = "app.handler"\ncode = "{code}"\n'
        'environment = { COLOUR = "green" }\n'
    )
    tollgate = starter(config=config)
    client = lambda_client(tollgate)
    assert invoke(client, "pets", {})[1]["colour"] == "green"
    assert [function["FunctionName"] for function in client.list_functions()["Functions"]] == ["pets"]
    refused("ResourceConflictException", client.delete_function, FunctionName="pets")
    refused("ResourceConflictException", client.update_function_configuration, FunctionName="pets", Timeout=5)
