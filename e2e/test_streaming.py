"""Bodies stream through in both directions, and headers arrive as AWS passes them on."""

import hashlib
import socket
import uuid

import pytest

from arrange import a_key, a_plan, an_api, put_http, usage_becomes
from callers import Connection, call, raw
from harness import poll
from upstream import Upstream

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def lone(starter):
    """A Tollgate that serves nobody else, so that its memory tells of one call; with an open API."""

    tollgate, upstream = starter(), Upstream()
    api = an_api(tollgate.client(), upstream, key_required=False)
    for _ in range(50):
        call(tollgate.gateway, api.path("/chunked/300000"), method="POST", body=b"x" * 300_000)
    yield tollgate, upstream, api
    tollgate.end()
    upstream.close()


@pytest.fixture
def open_api(client, upstream):
    return an_api(client, upstream, key_required=False)


def test_an_upload_of_9_mb_passes_without_being_held(lone):
    tollgate, upstream, api = lone
    before = tollgate.memory("VmHWM")
    for _ in range(3):
        answer = call(tollgate.gateway, api.path("/echo"), method="POST", body=b"x" * 9 * MEGABYTE)
        assert answer.json["length"] == 9 * MEGABYTE
    assert tollgate.memory("VmHWM") - before < 4 * MEGABYTE


def test_a_download_of_50_mb_passes_without_being_held(lone):
    tollgate, _, api = lone
    before = tollgate.memory("VmHWM")
    for kind in ("bytes", "chunked"):
        answer = call(tollgate.gateway, api.path(f"/{kind}/{50 * MEGABYTE}"))
        assert len(answer.body) == 50 * MEGABYTE
        assert (
            hashlib.sha256(answer.body).digest()
            == hashlib.sha256((b"0123456789abcdef" * 4096) * (50 * MEGABYTE // 65536)).digest()
        )
    assert tollgate.memory("VmHWM") - before < 4 * MEGABYTE


def test_a_reader_that_does_not_read_holds_the_upstream_back(lone):
    tollgate, upstream, api = lone
    start, before = upstream.bytes_sent, tollgate.memory("VmHWM")
    with socket.create_connection(tollgate.gateway, timeout=10) as connection:
        connection.sendall(f"GET {api.path(f'/bytes/{200 * MEGABYTE}')} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        sent = [-1] * 50

        def stands_still():
            sent.append(upstream.bytes_sent - start)
            return sent[-1] > 0 and sent[-1] == sent[-50]

        poll(stands_still, within=10, what="the upstream being held back")
        # What is under way is in the buffers of four sockets, each a few MB on loopback.
        assert upstream.bytes_sent - start < 60 * MEGABYTE
    assert tollgate.memory("VmHWM") - before < 4 * MEGABYTE


def test_an_upload_starts_before_it_is_complete(lone):
    tollgate, upstream, api = lone
    upstream.gate.clear()
    with socket.create_connection(tollgate.gateway, timeout=10) as connection:
        connection.sendall(
            f"POST {api.path('/gated')} HTTP/1.1\r\nHost: x\r\nContent-Length: {9 * MEGABYTE}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        connection.settimeout(1)
        sent, piece = 0, b"x" * 65536
        before = tollgate.memory()
        try:
            while sent < 9 * MEGABYTE:
                sent += connection.send(piece[: 9 * MEGABYTE - sent])
        except TimeoutError:
            pass  # the upstream does not read, so neither does the gateway
        assert tollgate.memory() - before < 3 * MEGABYTE
        upstream.gate.set()
        connection.settimeout(10)
        while sent < 9 * MEGABYTE:
            sent += connection.send(piece[: 9 * MEGABYTE - sent])
        assert b" 200 " in connection.recv(65536).split(b"\r\n")[0]


def test_chunked_bodies_pass_both_ways(tollgate, open_api):
    connection = Connection(tollgate.gateway)
    connection.http.request(
        "POST",
        open_api.path("/echo"),
        body=iter([b"one", b"two", b"three"]),
        headers={"Transfer-Encoding": "chunked"},
        encode_chunked=True,
    )
    answer = connection.http.getresponse()
    assert b'"body": "onetwothree"' in answer.read()
    answer = connection.call(open_api.path("/chunked/100000"))
    assert len(answer.body) == 100_000
    connection.close()


@pytest.mark.parametrize("status", [200, 201, 204, 301, 304, 400, 404, 418, 500, 503])
def test_the_upstreams_status_is_the_callers(tollgate, open_api, status):
    connection = Connection(tollgate.gateway, timeout=5)
    for _ in range(2):
        answer = connection.call(open_api.path(f"/status/{status}"))
        assert answer.status == status and not answer.error_type
        assert bool(answer.body) == (status not in (204, 304))
    connection.close()


def test_head_is_answered_without_a_body_and_keeps_the_connection(tollgate, open_api):
    connection = Connection(tollgate.gateway, timeout=5)
    answer = connection.call(open_api.path("/head"), method="HEAD")
    assert (answer.status, answer.headers["X-Head"], answer.body) == (200, "yes", b"")
    assert connection.call(open_api.path("/echo")).json["method"] == "GET"
    connection.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods_queries_and_bodies_arrive_as_they_were_sent(tollgate, open_api, method):
    body = None if method == "GET" else b'{"a": "\xc3\xa9"}'
    said = call(tollgate.gateway, open_api.path("/echo/a%2Bb/c?x=1&x=2&y=%26&z"), method=method, body=body).json
    path, _, query = said["target"].partition("?")
    assert (said["method"], path) == (method, "/echo/a%2Bb/c")
    assert sorted(query.replace("z=", "z").split("&")) == ["x=1", "x=2", "y=%26", "z"]
    assert said["body"].encode("latin-1") == (body or b"")


def test_connections_to_the_gateway_and_to_the_upstream_are_used_again(lone):
    tollgate, upstream, api = lone
    start = upstream.seen()
    connection = Connection(tollgate.gateway)
    connection.http.connect()
    sock = connection.http.sock
    for _ in range(20):
        assert connection.call(api.path("/echo")).status == 200
    assert connection.http.sock is sock
    connection.close()
    assert len({request.connection for request in upstream.since(start)}) == 1


def received(tollgate, api, path="/echo", **headers):
    said = call(tollgate.gateway, api.path(path), headers={name.replace("_", "-"): v for name, v in headers.items()})
    return [(name, value) for name, value in said.json["headers"]]


def test_the_callers_headers_reach_the_upstream(tollgate, open_api):
    got = dict(
        received(
            tollgate,
            open_api,
            X_Custom="kept",
            Accept="text/csv",
            Authorization="Bearer t",
            Cookie="c=1",
            User_Agent="my-agent",
        )
    )
    lower = {name.lower(): value for name, value in got.items()}
    assert {
        "x-custom": "kept",
        "accept": "text/csv",
        "authorization": "Bearer t",
        "cookie": "c=1",
        "user-agent": "my-agent",
    }.items() <= lower.items()


def test_headers_between_two_hops_stay_between_them(tollgate, upstream, open_api):
    head = (
        f"POST {open_api.path('/echo')} HTTP/1.1\r\nHost: caller.example\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n"
        "Keep-Alive: timeout=5\r\nTE: trailers\r\nUpgrade: h2c\r\nProxy-Authenticate: Basic\r\nMax-Forwards: 3\r\n"
        "Content-MD5: x\r\nTrailer: X-T\r\nServer: x\r\nWWW-Authenticate: x\r\nContent-Length: 2\r\n\r\nok"
    )
    start = upstream.seen()
    assert b" 200 " in raw(tollgate.gateway, head.encode()).split(b"\r\n")[0]
    request = upstream.since(start)[0]
    names = {name.lower() for name, _ in request.headers}
    assert not names & {
        "te",
        "upgrade",
        "proxy-authenticate",
        "max-forwards",
        "content-md5",
        "trailer",
        "server",
        "www-authenticate",
        "x-hop",
    }
    assert request.value("host") == f"127.0.0.1:{upstream.port}"
    assert request.body == b"ok" and len(request.values("content-length") + request.values("transfer-encoding")) == 1


def test_the_upstreams_headers_come_back_with_those_of_the_gateway_remapped(tollgate, open_api):
    answer = call(tollgate.gateway, open_api.path("/headers"))
    assert answer.headers["X-Custom"] == "kept"
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert answer.headers["x-amzn-remapped-server"] == "upstream/1"
    assert answer.headers["x-amzn-remapped-date"] == "Mon, 01 Jan 2024 00:00:00 GMT"
    assert answer.headers["x-amzn-remapped-x-amzn-RequestId"] == "from-upstream"
    assert answer.headers["X-Amzn-Trace-Id"] == "Root=1-upstream"
    assert "X-Hop" not in answer.headers
    assert len(answer.headers.get_all("x-amzn-RequestId")) == 1
    uuid.UUID(answer.headers["x-amzn-RequestId"])


def test_every_answer_has_the_ids_of_aws(tollgate, open_api, api):
    for path in (open_api.path("/echo"), api.path("/echo"), "/nosuch"):
        answer = call(tollgate.gateway, path)
        uuid.UUID(answer.headers["x-amzn-RequestId"])
        assert answer.headers["x-amz-apigw-id"].endswith("=")
        assert ("x-amzn-ErrorType" in answer.headers) == (answer.status == 403)
        if answer.status == 403:
            assert answer.headers["Content-Type"] == "application/json"


def test_expect_100_continue_is_answered_by_the_gateway(tollgate, open_api):
    with socket.create_connection(tollgate.gateway, timeout=5) as connection:
        connection.sendall(
            f"POST {open_api.path('/echo')} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
            "Expect: 100-continue\r\nConnection: close\r\n\r\n".encode()
        )
        assert connection.recv(1024).startswith(b"HTTP/1.1 100")
        connection.sendall(b"ok")
        assert b" 200 " in connection.recv(65536)


def test_an_http_integration_adds_what_aws_adds(tollgate, client, upstream, open_api):
    where = {
        "restApiId": open_api.id,
        "httpMethod": "GET",
        "resourceId": client.create_resource(restApiId=open_api.id, parentId=open_api.root, pathPart="http")["id"],
    }
    client.put_method(**where, authorizationType="NONE")
    client.put_integration(**where, type="HTTP", integrationHttpMethod="GET", uri=upstream.url + "/echo")
    client.put_method_response(**where, statusCode="200")
    client.put_integration_response(**where, statusCode="200")
    client.create_deployment(restApiId=open_api.id, stageName=open_api.stage)
    said = {name.lower(): value for name, value in call(tollgate.gateway, open_api.path("/http")).json["headers"]}
    assert said["user-agent"] == f"AmazonAPIGateway_{open_api.id}"
    assert said["x-amzn-apigateway-api-id"] == open_api.id
    assert said["accept"] == "application/json" and "x-amzn-trace-id" in said


def test_a_mock_integration_answers_without_an_upstream(tollgate, client, open_api):
    where = {
        "restApiId": open_api.id,
        "httpMethod": "OPTIONS",
        "resourceId": client.create_resource(restApiId=open_api.id, parentId=open_api.root, pathPart="mock")["id"],
    }
    client.put_method(**where, authorizationType="NONE")
    client.put_integration(**where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    name = "method.response.header.Access-Control-Allow-Origin"
    client.put_method_response(**where, statusCode="200", responseParameters={name: False})
    client.put_integration_response(**where, statusCode="200", responseParameters={name: "'*'"})
    client.create_deployment(restApiId=open_api.id, stageName=open_api.stage)
    answer = call(tollgate.gateway, open_api.path("/mock"), method="OPTIONS")
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert "X-Amzn-Trace-Id" not in answer.headers


def test_mapped_parameters_join_those_of_the_caller(tollgate, client, upstream, open_api):
    mapped = client.create_resource(restApiId=open_api.id, parentId=open_api.root, pathPart="mapped")["id"]
    put_http(client, open_api.id, mapped, upstream.url + "/echo", key_required=False)
    client.update_integration(
        restApiId=open_api.id,
        resourceId=mapped,
        httpMethod="GET",
        patchOperations=[
            {"op": "add", "path": "/requestParameters/integration.request.querystring.who", "value": "'static'"},
            {"op": "add", "path": "/requestParameters/integration.request.header.X-Stage", "value": "context.stage"},
        ],
    )
    client.create_deployment(restApiId=open_api.id, stageName=open_api.stage)
    said = call(tollgate.gateway, open_api.path("/mapped?a=1")).json
    assert sorted(said["target"].partition("?")[2].split("&")) == ["a=1", "who=static"]
    assert ["x-stage", open_api.stage] in [[name.lower(), value] for name, value in said["headers"]]


def test_the_key_is_metered_once_for_a_streamed_call(tollgate, client, api, one_day):

    plan = a_plan(client, api, quota={"limit": 10, "period": "DAY"})
    key = a_key(client, plan)
    answer = call(tollgate.gateway, api.path("/chunked/5000000"), key.value, method="POST", body=b"x" * MEGABYTE)
    assert len(answer.body) == 5_000_000
    usage_becomes(client, plan, key, (1, 9))
