"""Callers that dawdle and upstreams that misbehave get a clear end, and nobody else waits for them."""

import re
import select
import socket
import time

import pytest

from arrange import a_key, a_plan, an_api, integrated, unique, usage_becomes
from callers import Connection, call, raw, statuses
from harness import poll

pytestmark = pytest.mark.usefixtures("still_serves")
MEGABYTE = 1024 * 1024


@pytest.fixture
def open_api(client, own_upstream):
    """An API without keys before an upstream that nobody else calls."""
    return an_api(client, own_upstream, key_required=False, timeout=5000)


@pytest.mark.parametrize(("size", "calls"), [(2, 1000), (MEGABYTE, 10), (9 * MEGABYTE, 5)])
@pytest.mark.parametrize("kind", ["refused", "answered by a mock"])
def test_an_answer_that_needs_no_body_reaches_who_is_still_sending_it(tollgate, client, upstream, kind, size, calls):
    mock = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
    proxy = {"type": "HTTP_PROXY", "uri": upstream.url}
    api = integrated(client, key_required=kind == "refused", **(proxy if kind == "refused" else mock))
    connection = Connection(tollgate.gateway)
    connection.http.connect()
    sock = connection.http.sock
    for _ in range(calls):
        answer = connection.call(api.path("/things/7"), method="POST", body=b"x" * size)
        assert answer.status == (403 if kind == "refused" else 200)
    assert connection.http.sock is sock, "the connection was closed between calls"
    connection.close()


def test_a_body_of_11_mb_is_too_large_however_it_is_framed(tollgate, own_upstream, open_api):
    for chunked in (False, True):
        with socket.create_connection(tollgate.gateway, timeout=10) as connection:
            framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {11 * MEGABYTE}"
            connection.sendall(f"POST {open_api.path('/echo')} HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n".encode())
            piece = b"x" * MEGABYTE
            try:
                for _ in range(11):
                    connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                connection.sendall(b"0\r\n\r\n" if chunked else b"")
            except ConnectionError:
                pass  # refused before all of it was sent
            said = answer_of(connection)
        assert statuses(said) == [413], said[:200]
        assert b'{"message":"Request Too Long"}' in said
        assert b"requesttoolargeexception" in said.lower()
    assert [request.body_length for request in own_upstream.since(0)] == []


def answer_of(connection):
    said = b""
    try:
        while piece := connection.recv(65536):
            said += piece
            if b"\r\n\r\n" in said:
                connection.settimeout(0.5)
    except OSError:
        pass
    return said


def drip(address, payload, within):
    """Sends one byte a second until the other side answers or closes; how long that took and what it said."""
    start = time.monotonic()
    with socket.create_connection(address, timeout=within) as connection:
        for byte in payload:
            try:
                connection.sendall(bytes([byte]))
            except ConnectionError:
                break
            if select.select([connection], [], [], 1.0)[0]:
                break
            assert time.monotonic() - start < within, "the slow client is served for ever"
        return time.monotonic() - start, answer_of(connection)


@pytest.fixture(scope="module")
def impatient(starter, upstream):
    tollgate = starter(
        TOLLGATE_TIMEOUTS__HEADER_READ=500, TOLLGATE_TIMEOUTS__BODY_READ=500, TOLLGATE_TIMEOUTS__CLIENT_IDLE=500
    )
    yield tollgate, an_api(tollgate.client(), upstream, key_required=False)
    tollgate.end()


def test_a_client_that_sends_one_byte_a_second_is_cut_off(impatient):
    tollgate, api = impatient
    head = f"POST {api.path('/echo')} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n".encode()
    took, said = drip(tollgate.gateway, head, within=6)
    assert took < 4 and said == b"", "who is too slow with a head is cut off without an answer"
    with socket.create_connection(tollgate.gateway, timeout=6) as connection:
        connection.sendall(head)
        start = time.monotonic()
        said = b""
        for _ in range(4):
            try:
                connection.sendall(b"x")
            except ConnectionError:
                break
            if select.select([connection], [], [], 1.0)[0]:
                said = answer_of(connection)
                break
        else:
            raise AssertionError("a body of one byte a second is read for ever")
        assert time.monotonic() - start < 4 and set(statuses(said)) <= {408, 400, 500, 502, 504}
    assert call(tollgate.gateway, api.path("/echo")).status == 200


def test_an_idle_connection_is_closed(impatient):
    tollgate, api = impatient
    connection = Connection(tollgate.gateway, timeout=5)
    assert connection.call(api.path("/echo")).status == 200
    assert connection.http.sock.recv(1) == b""
    connection.close()


def test_many_slow_clients_do_not_keep_others_waiting(impatient):
    tollgate, api = impatient
    slow = [socket.create_connection(tollgate.gateway, timeout=5) for _ in range(300)]
    try:
        for connection in slow:
            connection.sendall(b"GET / HT")
        assert call(tollgate.gateway, api.path("/echo"), timeout=2).status == 200
        poll(
            lambda: all(select.select([connection], [], [], 0)[0] for connection in slow),
            within=5,
            what="the end of all slow clients",
        )
    finally:
        for connection in slow:
            connection.close()


@pytest.fixture(scope="module")
def short(client, upstream):
    """An API whose integration may take 200 ms."""
    return an_api(client, upstream, key_required=False, timeout=200)


def test_an_upstream_that_never_answers_times_out(tollgate, short):
    start = time.monotonic()
    answer = call(tollgate.gateway, short.path("/never"))
    assert answer.refusal == (504, "InternalServerErrorException", b'{"message":"Endpoint request timed out"}')
    assert 0.2 <= time.monotonic() - start < 2


@pytest.mark.parametrize("how", ["close", "garbage", "reset", "two-lengths"])
def test_an_upstream_that_gives_no_answer_is_a_network_error(tollgate, short, how):
    answer = call(tollgate.gateway, short.path("/" + how))
    assert answer.refusal == (
        504,
        "InternalServerErrorException",
        b'{"message":"Network error communicating with endpoint"}',
    )


def test_an_upstream_that_is_not_there_is_a_network_error(tollgate, client, short):
    api = client.create_rest_api(name=unique("api"))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        client.put_method(
            restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", authorizationType="NONE"
        )
        client.put_integration(
            restApiId=api["id"],
            resourceId=api["rootResourceId"],
            httpMethod="GET",
            type="HTTP_PROXY",
            integrationHttpMethod="GET",
            uri=url,
        )
        client.create_deployment(restApiId=api["id"], stageName="dev")
        answer = call(tollgate.gateway, f"/restapis/{api['id']}/dev/_user_request_/")
    assert (answer.status, answer.message) == (504, "Network error communicating with endpoint")


@pytest.mark.parametrize("how", ["half", "half-chunked"])
def test_half_an_answer_is_never_passed_on_as_a_whole_one(tollgate, short, how):
    said = raw(tollgate.gateway, f"GET {short.path('/' + how)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = said.partition(b"\r\n\r\n")
    if statuses(said) == [200]:
        assert not body.endswith(b"0\r\n\r\n"), "a truncated answer has a proper end"
        length = re.search(rb"content-length: (\d+)", head.lower())
        assert length is None or int(length.group(1)) == 1000
    else:
        assert statuses(said) in ([502], [504])


def test_a_failing_upstream_is_counted_and_gives_no_call_back(tollgate, client, upstream, one_day):
    api = an_api(client, upstream, timeout=200)
    plan = a_plan(client, api, quota={"limit": 3, "period": "DAY"})
    key = a_key(client, plan)
    answers = [
        call(tollgate.gateway, api.path(path), key.value).status for path in ("/close", "/status/500", "/x", "/x")
    ]
    assert answers == [504, 500, 200, 429]
    usage_becomes(client, plan, key, (3, 0))


def test_a_request_is_not_sent_twice_when_the_upstream_fails(tollgate, upstream, short):
    for how in ("close", "reset", "garbage", "never"):
        for method in ("GET", "POST"):
            mark = unique()
            call(tollgate.gateway, short.path("/" + how), method=method, headers={"x-mark": mark})
            assert upstream.marked(mark) == 1, (how, method)
