"""The management API answers nobody without a valid signature, and says what is wrong in AWS's own words."""

import pytest

from callers import call, signed

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
    "Key and signing method. Consult the service documentation for details."
)


def said(answer):
    return answer.status, answer.error_type, answer.message


def test_a_signed_request_is_answered(tollgate):
    assert signed(tollgate, "GET", "/account").status == 200


@pytest.mark.parametrize("path", ["/account", "/apikeys", "/restapis", "/no/such/path", "/tags/x"])
def test_a_request_without_a_signature_lacks_a_token(tollgate, path):
    answer = call(tollgate.management, path)
    assert said(answer) == (403, "MissingAuthenticationTokenException", "Missing Authentication Token")


def test_an_unknown_access_key_is_not_recognised(tollgate):
    answer = signed(tollgate, "GET", "/account", access_key_id="AKIANOSUCHKEY0000000")
    assert said(answer) == (
        403,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


def test_a_wrong_secret_gives_another_signature(tollgate):
    assert said(signed(tollgate, "GET", "/account", secret="wrong")) == (403, "InvalidSignatureException", MISMATCH)


@pytest.mark.parametrize("age", [3600, 901])
def test_an_old_signature_has_expired(tollgate, age):
    answer = signed(tollgate, "GET", "/account", age=age)
    assert answer.status == 403 and answer.error_type == "InvalidSignatureException"
    assert answer.message.startswith("Signature expired: ") and " is now earlier than " in answer.message


def test_a_signature_from_the_future_is_not_yet_current(tollgate):
    answer = signed(tollgate, "GET", "/account", age=-3600)
    assert answer.status == 403 and answer.error_type == "InvalidSignatureException"
    assert answer.message.startswith("Signature not yet current: ") and " is still later than " in answer.message


def test_a_clock_a_few_minutes_off_is_forgiven(tollgate):
    assert signed(tollgate, "GET", "/account", age=240).status == 200
    assert signed(tollgate, "GET", "/account", age=-240).status == 200


def authorization(change):
    def tamper(headers):
        headers["Authorization"] = change(headers["Authorization"])

    return tamper


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("Signature=", "Sig="),
        lambda text: text.replace("Credential=", "Cred="),
        lambda text: text.replace("SignedHeaders=", "Headers="),
        lambda text: text.split(",")[0],
        lambda text: "AWS4-HMAC-SHA256",
        lambda text: "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0",
    ],
)
def test_a_malformed_authorization_is_an_incomplete_signature(tollgate, change):
    answer = signed(tollgate, "GET", "/account", tamper=authorization(change))
    assert (answer.status, answer.error_type) == (400, "IncompleteSignatureException"), answer.body
    assert answer.message


@pytest.mark.parametrize("value", ["", "Basic dXNlcjpwYXNz", "Bearer x", "AWS4-HMAC-SHA1 Credential=x"])
def test_another_scheme_is_never_let_in(tollgate, value):
    answer = signed(tollgate, "GET", "/account", tamper=authorization(lambda _text: value))
    assert answer.status in (400, 403) and answer.error_type.endswith("Exception") and answer.message


def test_a_missing_date_is_an_incomplete_signature(tollgate):
    answer = signed(tollgate, "GET", "/account", tamper=lambda headers: headers.pop("X-Amz-Date"))
    assert (answer.status, answer.error_type) == (400, "IncompleteSignatureException"), answer.body


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-3", "mars-north-7"])
def test_any_region_may_sign(tollgate, region):
    assert signed(tollgate, "GET", "/account", region=region).status == 200
    assert tollgate.client(region=region).get_account()["features"] == ["UsagePlans"]


def test_a_signature_for_another_service_is_refused(tollgate):
    answer = signed(tollgate, "GET", "/account", service="s3")
    assert answer.status in (400, 403) and answer.error_type.endswith("Exception"), answer.body


def test_what_is_changed_after_signing_is_refused(tollgate, client):
    body = b'{"name": "signed"}'
    for path, signed_path in (("/apikeys?limit=2", "/apikeys?limit=1"), ("/usageplans", "/apikeys")):
        taken = {}
        signed(tollgate, "GET", signed_path, tamper=taken.update)
        answer = call(tollgate.management, path, headers=taken)
        assert said(answer) == (403, "InvalidSignatureException", MISMATCH)
    taken = {}
    signed(tollgate, "POST", "/apikeys", body, tamper=taken.update)
    answer = call(tollgate.management, "/apikeys", method="POST", headers=taken, body=b'{"name": "forged"}')
    assert said(answer) == (403, "InvalidSignatureException", MISMATCH)
    assert client.get_api_keys(nameQuery="forged")["items"] == []


def test_arns_in_paths_and_odd_queries_are_verified_as_the_clients_sign_them(client, api):
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api.id}/stages/{api.stage}"
    client.tag_resource(resourceArn=arn, tags={"a b": "c/d=e"})
    assert client.get_tags(resourceArn=arn)["tags"] == {"a b": "c/d=e"}
    client.untag_resource(resourceArn=arn, tagKeys=["a b", "other+key"])
    assert client.get_tags(resourceArn=arn)["tags"] == {}
    assert client.get_api_keys(nameQuery="ümläut & spaces/%+*~'()")["items"] == []


def test_every_answer_names_its_request(tollgate):
    for answer in (signed(tollgate, "GET", "/account"), call(tollgate.management, "/account")):
        assert len(answer.headers["x-amzn-RequestId"]) == 36
        assert answer.headers["Content-Type"].startswith("application/json")
