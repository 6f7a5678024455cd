"""Roles through boto3: what the command line makes is held to by every operation, from then on and until it is removed."""

import subprocess

import pytest
from botocore.exceptions import ClientError

from harness import BINARY, environment


def command(tollgate, *words):
    """Runs a command of the binary as the administrator, and returns its lines."""
    done = subprocess.run(
        [str(BINARY), *words, "--data-dir", str(tollgate.data_dir), "--management", "{}:{}".format(*tollgate.management)],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def made(tollgate, *words):
    """A client of a credential that was just made, and its id."""
    pair = dict(line.split("=", 1) for line in command(tollgate, "credential", "create", *words))
    identity = pair["AWS_ACCESS_KEY_ID"]
    return identity, tollgate.client(identity, pair["AWS_SECRET_ACCESS_KEY"])


def denied(call, **arguments):
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return refused.value.response["Error"]


def test_a_reader_reads_and_changes_nothing(start):
    tollgate = start()
    tollgate.client().create_usage_plan(name="bronze")
    identity, reader = made(tollgate, "--role", "read-only")
    assert [plan["name"] for plan in reader.get_usage_plans()["items"]] == ["bronze"]
    error = denied(reader.create_api_key, name="mine")
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"].startswith(
        f"User: arn:aws:iam::000000000000:user/{identity} is not authorized to perform: apigateway:POST on resource: "
    )


def test_an_issuer_makes_keys_for_its_plan_alone_until_it_is_removed(start):
    tollgate = start()
    owner = tollgate.client()
    bronze, gold = (owner.create_usage_plan(name=name)["id"] for name in ("bronze", "gold"))
    identity, issuer = made(tollgate, "--role", "key-issuer", "--plan", bronze, "--description", "a partner")
    key = issuer.create_api_key(name="theirs", enabled=True)["id"]
    issuer.create_usage_plan_key(usagePlanId=bronze, keyId=key, keyType="API_KEY")
    refused = [
        (issuer.create_usage_plan_key, {"usagePlanId": gold, "keyId": key, "keyType": "API_KEY"}),
        (issuer.get_api_keys, {"includeValues": True}),
        (issuer.delete_api_key, {"apiKey": key}),
        (issuer.delete_usage_plan_key, {"usagePlanId": bronze, "keyId": key}),
        (issuer.create_usage_plan, {"name": "mine"}),
        (issuer.get_rest_apis, {}),
    ]
    for call, arguments in refused:
        assert denied(call, **arguments)["Code"] == "AccessDeniedException"
    assert command(tollgate, "credential", "list") == [f"{identity}\tkey-issuer\t{bronze}\ta partner"]
    command(tollgate, "credential", "remove", identity)
    assert denied(issuer.get_usage_plans)["Code"] == "UnrecognizedClientException"


def test_credentials_outlive_the_process_and_are_on_no_disk_in_the_clear(start):
    tollgate = start()
    pair = dict(line.split("=", 1) for line in command(tollgate, "credential", "create", "--role", "read-only"))
    secret = pair["AWS_SECRET_ACCESS_KEY"]
    tollgate.kill()
    tollgate.start()
    assert tollgate.client(pair["AWS_ACCESS_KEY_ID"], secret).get_usage_plans()["items"] == []
    tollgate.stop()
    kept = [file for file in tollgate.data_dir.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]
    assert kept == []
