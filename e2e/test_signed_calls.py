"""Methods with AWS_IAM, through the real binary: calls are signed by botocore, and changed by those who should not."""

import json
import time

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from arrange import Api, a_key, a_plan, put_echo, put_proxy, unique, usage_becomes
from callers import LIMIT_EXCEEDED, UNKNOWN_ROUTE, call, crowd, signature, signed
from harness import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
ROOT = "arn:aws:iam::000000000000:root"


class Guarded:
    """`/{proxy+}` passes signed calls to the upstream; `/echo` answers them with the event of a function."""

    def __init__(self, tollgate, client, upstream, key_required=False, **members):
        self.tollgate = tollgate
        made = client.create_rest_api(name=unique("api"), **members)
        self.id, root = made["id"], made["rootResourceId"]
        proxy = client.create_resource(restApiId=self.id, parentId=root, pathPart="{proxy+}")["id"]
        put_proxy(client, self.id, proxy, upstream.url, key_required=key_required)
        client.update_method(
            restApiId=self.id, resourceId=proxy, httpMethod="ANY",
            patchOperations=[{"op": "replace", "path": "/authorizationType", "value": "AWS_IAM"}],
        )  # fmt: skip
        echo = client.create_resource(restApiId=self.id, parentId=root, pathPart="echo")["id"]
        put_echo(client, self.id, echo, authorizationType="AWS_IAM")
        client.create_deployment(restApiId=self.id, stageName="dev")
        self.api = Api(self.id, "dev", root, proxy)

    def send(self, path="/pets", method="GET", body=b"", sent=None, key=None, **signing):
        """A signed call; `sent` is what is sent other than it was signed."""
        path, other = self.api.path(path), sent or {}
        headers = signature(self.tollgate.gateway, method, path, body, **signing)
        headers |= other.get("headers", {})
        to = self.api.path(other["path"]) if "path" in other else path
        return call(
            self.tollgate.gateway, to, key, other.get("method", method), headers, other.get("body", body or None)
        )


@pytest.fixture(scope="module")
def guarded(tollgate, client, upstream):
    return Guarded(tollgate, client, upstream)


@pytest.mark.parametrize("path", ["/pets", "/pets?b=2&a=1&a=0&c", "/a%20b/%E4?q=%2F%20x", "/pets/", "/pets?q=%C3%A9"])
def test_a_call_that_botocore_signed_passes(guarded, path):
    assert guarded.send(path).status == 200


def test_the_body_that_was_signed_reaches_the_upstream_and_the_signature_does_not(guarded, upstream):
    start = upstream.seen()
    assert guarded.send("/pets", "POST", b"x" * 40000).status == 200
    received = upstream.since(start)[-1]
    assert (received.method, received.body_length, received.value("authorization")) == ("POST", 40000, None)


def test_a_function_is_told_who_signed(guarded):
    event = guarded.send("/echo").json
    identity = event["requestContext"]["identity"]
    told = {name: identity[name] for name in ("accessKey", "accountId", "caller", "user", "userArn")}
    account = "000000000000"
    assert told == {
        "accessKey": ACCESS_KEY_ID, "accountId": account, "caller": account, "user": account, "userArn": ROOT,
    }  # fmt: skip
    assert "authorization" not in {name.lower() for name in event["headers"]}


def test_a_call_without_a_signature_is_refused(guarded):
    assert call(guarded.tollgate.gateway, guarded.api.path()).refusal == UNKNOWN_ROUTE


def test_a_signature_that_cannot_be_read_is_refused(guarded):
    for authorization in ("Basic am9lOmpvZQ==", "AWS4-HMAC-SHA256 Credential=a", "Bearer token"):
        answer = call(guarded.tollgate.gateway, guarded.api.path(), headers={"Authorization": authorization})
        assert (answer.status, answer.error_type) == (403, "IncompleteSignatureException"), authorization


@pytest.mark.parametrize(
    "sent",
    [
        {"path": "/toys?a=1"},
        {"path": "/pets?a=2"},
        {"path": "/pets?a=1&b=2"},
        {"method": "PUT"},
        {"body": b"Body"},
        {"body": b""},
        {"headers": {"X-Amz-Date": time.strftime("%Y%m%dT000000Z", time.gmtime(time.time() - 86400))}},
        {"headers": {"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}},
        {"headers": {"Host": "other.example"}},
        {"headers": {"X-Tenant": "b"}},
    ],
    ids=lambda sent: "-".join(f"{name}" for name in sent),
)
def test_what_was_signed_cannot_be_changed(guarded, upstream, sent):
    start = upstream.seen()
    answer = guarded.send("/pets?a=1", "POST", b"body", sent, headers={"X-Tenant": "a"})
    assert answer.status == 403 and answer.error_type == "InvalidSignatureException", answer
    if "X-Amz-Date" not in sent.get("headers", {}):
        assert answer.message == MISMATCH
    assert upstream.seen() == start


def test_another_secret_another_pair_and_another_service_are_refused(guarded):
    assert guarded.send(secret="another secret").message == MISMATCH
    stranger = guarded.send(access_key_id="AKIAUNKNOWN")
    assert (stranger.status, stranger.error_type) == (403, "UnrecognizedClientException")
    assert stranger.message == "The security token included in the request is invalid."
    elsewhere = guarded.send(service="apigateway")
    assert elsewhere.message == "Credential should be scoped to correct service: 'execute-api'."
    session = guarded.send(sent={"headers": {"X-Amz-Security-Token": "t"}})
    assert session.error_type == "UnrecognizedClientException"


def test_a_signature_holds_five_minutes_either_way(guarded):
    assert [guarded.send(age=age).status for age in (290, -290)] == [200, 200]
    late, early = guarded.send(age=310), guarded.send(age=-310)
    assert (late.status, late.error_type) == (early.status, early.error_type) == (403, "InvalidSignatureException")
    assert late.message.startswith("Signature expired: ") and late.message.endswith(" - 5 min.)")
    assert early.message.startswith("Signature not yet current: ")


def presigned(guarded, path, seconds):
    url = "http://{}:{}".format(*guarded.tollgate.gateway) + guarded.api.path(path)
    request = AWSRequest("GET", url)
    SigV4QueryAuth(Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY), "execute-api", REGION, seconds).add_auth(request)
    return "/" + request.url.split("/", 3)[3]


def test_a_presigned_address_is_as_good_as_a_signature(guarded):
    path = presigned(guarded, "/pets?a=1", 60)
    get = lambda path: call(guarded.tollgate.gateway, path)  # noqa: E731
    assert get(path).status == 200
    assert get(path.replace("a=1", "a=2")).message == MISMATCH
    assert get(path.replace("Expires=60", "Expires=600")).message == MISMATCH
    assert get(path.replace("/pets", "/toys")).message == MISMATCH


def test_a_policy_denies_a_signer(tollgate, client, upstream):
    policy = lambda principal: json.dumps({"Version": "2012-10-17", "Statement": [  # noqa: E731
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/GET/*",
         "Condition": {"StringEquals": {"aws:PrincipalArn": principal}}},
    ]})  # fmt: skip
    denied = Guarded(tollgate, client, upstream, policy=policy(ROOT)).send()
    assert denied.status == 403
    assert denied.json["Message"].startswith(f"User: {ROOT} is not authorized to perform: execute-api:Invoke on")
    assert Guarded(tollgate, client, upstream, policy=policy("arn:aws:iam::000000000000:user/joe")).send().status == 200


def test_a_pair_of_less_rights_may_call_until_it_is_deleted(guarded):
    made = signed(guarded.tollgate, "POST", "/tollgate/v1/credentials", {"role": "read-only"}).json
    pair = {"access_key_id": made["accessKeyId"], "secret": made["secretAccessKey"]}
    identity = guarded.send("/echo", **pair).json["requestContext"]["identity"]
    assert identity["userArn"] == f"arn:aws:iam::000000000000:user/{made['accessKeyId']}"
    assert identity["caller"] == identity["user"] == made["accessKeyId"]
    assert signed(guarded.tollgate, "DELETE", f"/tollgate/v1/credentials/{made['accessKeyId']}").status < 300
    assert guarded.send("/echo", **pair).error_type == "UnrecognizedClientException"


def test_calls_that_are_refused_cost_no_quota(tollgate, client, upstream, one_day):
    guarded = Guarded(tollgate, client, upstream, key_required=True)
    plan = a_plan(client, guarded.api, quota={"limit": 10, "period": "DAY"})
    key = a_key(client, plan)
    refused = crowd(8, lambda _: [guarded.send(key=key.value, secret="wrong").status for _ in range(4)])
    assert {status for statuses in refused for status in statuses} == {403}
    usage_becomes(client, plan, key, (0, 10))
    answers = crowd(8, lambda _: [guarded.send(key=key.value) for _ in range(4)])
    answers = [answer for some in answers for answer in some]
    assert sum(answer.status == 200 for answer in answers) == 10
    assert {answer.refusal for answer in answers if answer.status != 200} == {LIMIT_EXCEEDED}
    usage_becomes(client, plan, key, (10, 0))
