"""What an upstream receives of a call, byte for byte, whatever kind of integration sends it.

`{…}` in what is expected stands for what differs from run to run: addresses, ids, times. Names of headers are in
lower case on the way to an upstream, as in HTTP/2.
"""

import datetime
import gzip
import json
import re

import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from arrange import integrated, unique
from callers import Signer, raw
from test_functions_behind_plans import ROLE, create
from upstream import Upstream

BODY = '{"pet": {"name": "R\u00e9x", "tags": ["a", "b"]}}'.encode()
CREDENTIALS = "arn:aws:iam::000000000000:role/any"
SENT = (
    b"Host: shop.example\r\nUser-Agent: me/1\r\nX-Mixed-Case: a\r\nx-twice: 1\r\nX-Twice: 2\r\n"
    b"Accept: text/plain;q=0.5, */*\r\nCookie: a=1; b=2\r\nAuthorization: Bearer t\r\nX-Forwarded-For: 192.0.2.9\r\n"
    b"Connection: close\r\n"
)
#: What a proxy passes on of it, between what it replaces.
PASSED = """\
user-agent: me/1
x-mixed-case: a
x-twice: 1
x-twice: 2
accept: text/plain;q=0.5, */*
cookie: a=1; b=2
authorization: Bearer t
"""
#: What comes at the end of a proxied head, and at the front of one that is mapped.
PROXIED = """\
x-forwarded-for: 192.0.2.9, 127.0.0.1
x-forwarded-proto: http
x-forwarded-port: {gateway port}
host: {upstream}
x-amzn-apigateway-api-id: {api}
"""
MAPPED = """\
host: {upstream}
user-agent: AmazonAPIGateway_{api}
accept: application/json
x-amzn-apigateway-api-id: {api}
x-amzn-trace-id: {trace}
content-type: TYPE
x-forwarded-for: 127.0.0.1
x-forwarded-proto: http
x-forwarded-port: {gateway port}
"""


def mapped(kind="application/json"):
    return MAPPED.replace("TYPE", kind)


class Recorder:
    """A Tollgate before an upstream of its own, which keeps the bytes it receives."""

    def __init__(self, tollgate, upstream):
        self.tollgate, self.upstream, self.client = tollgate, upstream, tollgate.client()

    def received(self, api, path="/things/7", verb="POST", body=BODY, kind="application/json", more=b""):
        """Makes one call, and returns the one request that the upstream received."""
        start = self.upstream.seen()
        head = f"{verb} {api.path(path)} HTTP/1.1\r\n".encode() + SENT + more
        head += b"Content-Type: %b\r\nContent-Length: %d\r\n\r\n" % (kind.encode(), len(body))
        answer = raw(self.tollgate.gateway, head + body)
        requests = self.upstream.since(start)
        assert len(requests) == 1, answer
        return requests[0]

    def plain(self, request, api):
        """The request as text, with what differs from run to run replaced."""
        text = (request.head + request.body).decode("utf-8").replace("\r\n", "\n")
        text = text.replace(f"127.0.0.1:{self.upstream.port}", "{upstream}").replace(api.id, "{api}")
        text = text.replace(f"x-forwarded-port: {self.tollgate.gateway[1]}", "x-forwarded-port: {gateway port}")
        return re.sub(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", "{trace}", text)


@pytest.fixture(scope="module")
def recorder(starter):
    upstream = Upstream()
    tollgate = starter(
        TOLLGATE_SERVICE_ENDPOINTS__SQS=upstream.url,
        TOLLGATE_SERVICE_ENDPOINTS__DYNAMODB=upstream.url,
        TOLLGATE_SERVICE_ACCESS_KEY_ID="AKIASERVICE",
        TOLLGATE_SERVICE_SECRET_ACCESS_KEY="secret",
        TOLLGATE_FUNCTION_ENDPOINT__ACCESS_KEY_ID="AKIAFUNCTION",
        TOLLGATE_FUNCTION_ENDPOINT__SECRET_ACCESS_KEY="secret",
    )
    yield Recorder(tollgate, upstream)
    tollgate.end()
    upstream.close()


def check(recorder, api, expected, **call):
    assert recorder.plain(recorder.received(api, **call), api) == expected


def test_http_proxy_passes_on_what_came(recorder):
    uri = recorder.upstream.url + "/a?own=1"
    api = integrated(recorder.client, type="HTTP_PROXY", integrationHttpMethod="ANY", uri=uri)
    head = f"PATCH /a?own=1&x=1&y=a%20b&x=2&z&empty= HTTP/1.1\n{PASSED}content-type: application/json\n{PROXIED}"
    expected = head + f"content-length: {len(BODY)}\n\n" + BODY.decode()
    check(recorder, api, expected, path="/things/7?x=1&y=a%20b&x=2&z&empty=", verb="PATCH")


def test_http_proxy_puts_path_variables_into_the_uri_as_they_were_sent(recorder):
    api = integrated(
        recorder.client,
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri="http://${stageVariables.host}/${stageVariables.base}/{thing}/end",
        requestParameters={"integration.request.path.thing": "method.request.path.id"},
        variables={"host": f"127.0.0.1:{recorder.upstream.port}", "base": "v2"},
    )
    request = recorder.received(api, path="/things/a%20b%2Fc%C3%A9", verb="GET", body=b"")
    assert request.head.startswith(b"GET /v2/a%20b%2Fc%C3%A9/end HTTP/1.1\r\n")
    assert request.body == b""


def test_http_proxy_joins_what_is_mapped_to_what_came(recorder):
    api = integrated(
        recorder.client,
        type="HTTP_PROXY",
        uri=recorder.upstream.url + "/a",
        requestParameters={
            "integration.request.querystring.y": "'2'",
            "integration.request.header.X-Mixed-Case": "'mapped'",
            "integration.request.header.X-Stage": "context.stage",
        },
    )
    request = recorder.received(api, path="/things/7?x=1&y=1")
    assert request.head.startswith(b"POST /a?x=1&y=1&y=2 HTTP/1.1\r\n")
    assert (request.values("x-mixed-case"), request.values("x-stage")) == (["mapped"], ["dev"])
    assert request.body == BODY


def test_http_sends_what_is_mapped_and_nothing_else(recorder):
    header, query = "integration.request.header.", "integration.request.querystring."
    api = integrated(
        recorder.client,
        type="HTTP",
        integrationHttpMethod="PUT",
        uri=recorder.upstream.url + "/animals/{thing}?own=1",
        variables={"tier": "gold"},
        parameters=["querystring.x", "header.X-Mixed-Case", "header.X-Twice"],
        requestParameters={
            "integration.request.path.thing": "method.request.path.id",
            query + "last": "method.request.querystring.x",
            query + "every": "method.request.multivaluequerystring.x",
            header + "X-A-Header": "method.request.header.x-mixed-case",
            header + "X-All": "method.request.multivalueheader.X-Twice",
            header + "X-Constant": "'some words'",
            header + "X-Context": "context.httpMethod",
            header + "X-Variable": "stageVariables.tier",
            header + "X-Name": "method.request.body.pet.name",
            header + "X-Tag": "method.request.body.pet.tags[1]",
            header + "X-Nothing": "method.request.body.no.such.member",
        },
    )
    expected = (
        "PUT /animals/a%20b%2Fc?own=1&every=1&every=a%20b%26c&last=a%20b%26c HTTP/1.1\n" + mapped()
        + "x-a-header: a\nx-all: 1,2\nx-constant: some words\nx-context: POST\n"
        + "x-name: R\u00e9x\nx-tag: b\nx-variable: gold\n"
        + f"content-length: {len(BODY)}\n\n" + BODY.decode()
    )  # fmt: skip
    check(recorder, api, expected, path="/things/a%20b%2Fc?x=1&x=a%20b%26c")


def test_http_sends_what_its_template_makes_with_overrides(recorder):
    template = (
        '#set($context.requestOverride.header.X-Over = "yes")'
        '#set($context.requestOverride.querystring.page = "a b")'
        '#set($context.requestOverride.path.thing = $input.params("id").toUpperCase())'
        '{"all": $input.json("$"), '
        '"tags": [#foreach($tag in $input.path("$.pet.tags"))"$tag"#if($foreach.hasNext),#end#end]}'
    )
    api = integrated(
        recorder.client, type="HTTP", uri=recorder.upstream.url + "/{thing}",
        requestTemplates={"application/json": template},
        requestParameters={"integration.request.path.thing": "method.request.path.id"},
    )  # fmt: skip
    body = '{"all": {"pet":{"name":"R\u00e9x","tags":["a","b"]}}, "tags": ["a","b"]}'
    head = "POST /ABC?page=a%20b HTTP/1.1\n" + mapped() + "x-over: yes\n"
    check(recorder, api, head + f"content-length: {len(body.encode())}\n\n{body}", path="/things/abc")


@pytest.mark.parametrize(
    ("handling", "kind", "sent", "got"),
    [
        ("CONVERT_TO_TEXT", "image/png", b"\x89PNG\xff", b"iVBOR/8="),
        ("CONVERT_TO_BINARY", "text/plain", b"iVBOR/8=", b"\x89PNG\xff"),
        (None, "image/png", b"\x89PNG\xff", b"\x89PNG\xff"),
        (None, "text/plain", b"iVBOR/8=", b"iVBOR/8="),
    ],
)
def test_bodies_are_converted_as_the_integration_says(recorder, handling, kind, sent, got):
    api = integrated(
        recorder.client, type="HTTP", uri=recorder.upstream.url, api={"binaryMediaTypes": ["image/png"]},
        **({"contentHandling": handling} if handling else {}),
    )  # fmt: skip
    request = recorder.received(api, body=sent, kind=kind)
    assert (request.body, request.value("content-length"), request.value("content-type")) == (got, str(len(got)), kind)


def test_a_compressed_body_is_expanded_for_an_integration_that_maps(recorder):
    api = integrated(
        recorder.client, type="HTTP", uri=recorder.upstream.url, api={"minimumCompressionSize": 0},
        requestTemplates={"application/json": "$input.path('$.pet.name')"},
    )  # fmt: skip
    request = recorder.received(api, body=gzip.compress(BODY), more=b"Content-Encoding: gzip\r\n")
    assert (request.body.decode(), request.value("content-encoding")) == ("R\u00e9x", None)


def signature(request, service, key, secret="secret"):
    """The `Authorization` that AWS's own signer would have sent, at the time that the request names."""
    host, moment = request.value("host"), request.value("x-amz-date")
    signed = re.search(r"SignedHeaders=([^,]+),", request.value("authorization"))[1].split(";")
    headers = {name: request.value(name) for name in signed if name not in ("host", "x-amz-date")}
    again = AWSRequest(request.method, f"http://{host}{request.target}", data=request.body, headers=headers)
    at = datetime.datetime.strptime(moment, "%Y%m%dT%H%M%SZ")
    Signer(Credentials(key, secret), service, "us-east-1", moment=at).add_auth(again)
    return again.headers["Authorization"]


@pytest.mark.parametrize(
    ("uri", "template", "line", "target", "body"),
    [
        (
            "sqs:path/000000000000/orders",
            "Action=SendMessage&MessageBody=$util.urlEncode($input.path('$.pet.name'))",
            "POST /000000000000/orders HTTP/1.1", None, b"Action=SendMessage&MessageBody=R%C3%A9x",
        ),
        (
            "dynamodb:action/PutItem",
            '{"TableName": "t", "Item": {"id": {"S": "$input.params(\'id\')"}}}',
            "POST / HTTP/1.1", "DynamoDB_20120810.PutItem", b'{"TableName": "t", "Item": {"id": {"S": "7"}}}',
        ),
    ],
    ids=["path", "action"],
)  # fmt: skip
def test_a_service_gets_a_request_that_aws_would_accept(recorder, uri, template, line, target, body):
    api = integrated(
        recorder.client, type="AWS", uri=f"arn:aws:apigateway:us-east-1:{uri}", credentials=CREDENTIALS,
        requestTemplates={"application/json": template},
    )  # fmt: skip
    request = recorder.received(api)
    assert request.head.decode().splitlines()[0] == line
    assert (request.value("x-amz-target"), request.body) == (target, body)
    assert request.value("authorization") == signature(request, uri.partition(":")[0], "AKIASERVICE")
    assert not {"cookie", "x-mixed-case", "x-twice"} & {name for name, _ in request.headers}


def test_a_lambda_endpoint_is_invoked_with_the_event(recorder):
    code = {"Endpoint": recorder.upstream.url, "FunctionName": "pets-prod", "Region": "us-east-1"}
    arn = create(recorder.tollgate, FunctionName=unique("far"), Role=ROLE, Timeout=10, Code=code)
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    request = recorder.received(integrated(recorder.client, type="AWS_PROXY", uri=uri), path="/things/7?x=1&x=2")
    assert request.head.startswith(b"POST /2015-03-31/functions/pets-prod/invocations HTTP/1.1\r\n")
    assert request.value("authorization") == signature(request, "lambda", "AKIAFUNCTION")
    event = json.loads(request.body)
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/things/{id}", "/things/7", "POST")
    assert (event["pathParameters"], event["queryStringParameters"]) == ({"id": "7"}, {"x": "2"})
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert (event["body"], event["isBase64Encoded"]) == (BODY.decode(), False)
    assert (event["headers"]["X-Mixed-Case"], event["headers"]["Cookie"]) == ("a", "a=1; b=2")
    twice = [values for name, values in event["multiValueHeaders"].items() if name.lower() == "x-twice"]
    assert twice == [["1", "2"]]


def test_a_mapped_function_gets_what_its_template_makes(recorder):
    arn = create(recorder.tollgate, FunctionName=unique("far"), Role=ROLE, Code={"Endpoint": recorder.upstream.url})
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    template = '{"name": "$input.path(\'$.pet.name\')", "stage": "$context.stage"}'
    api = integrated(recorder.client, type="AWS", uri=uri, requestTemplates={"application/json": template})
    assert recorder.received(api).body.decode() == '{"name": "R\u00e9x", "stage": "dev"}'
