"""Tricks with paths and framing never become a second request, nor one for another route, behind the gateway."""

import posixpath
import urllib.parse

import pytest

from arrange import an_api, put_proxy
from callers import call, raw, statuses

pytestmark = pytest.mark.usefixtures("still_serves")
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def guarded(client, upstream):
    """`/public/{proxy+}` is open, `/private/{proxy+}` needs a key; both lead to the same upstream."""
    api = an_api(client, upstream)
    for part, key_required in (("public", False), ("private", True)):
        parent = client.create_resource(restApiId=api.id, parentId=api.root, pathPart=part)["id"]
        proxy = client.create_resource(restApiId=api.id, parentId=parent, pathPart="{proxy+}")["id"]
        put_proxy(client, api.id, proxy, f"{upstream.url}/{part}", key_required=key_required)
    client.create_deployment(restApiId=api.id, stageName=api.stage)
    return api


def readings(target):
    """The paths that a server could take a target for: as it is, decoded, decoded twice; dots resolved."""
    path = target.split("?")[0]
    for _ in range(3):
        yield posixpath.normpath(path.replace("\\", "/").replace("//", "/"))
        path = urllib.parse.unquote(path)


CLIMBS = [
    "/public/../private/x",
    "/public/%2e%2e/private/x",
    "/public/.%2E/private/x",
    "/public/..%2fprivate/x",
    "/public/..%5cprivate/x",
    "/public/a/../../private/x",
    "/public/a/%2e%2e/%2e%2e/private/x",
    "/public/..;/private/x",
    "/public//../private/x",
    "/./private/x",
    "/public/..\\private/x",
]


@pytest.mark.parametrize("path", CLIMBS)
def test_no_path_climbs_to_what_needs_a_key(tollgate, upstream, guarded, path):
    start = upstream.seen()
    head = f"GET {guarded.path(path)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    said = statuses(raw(tollgate.gateway, head.encode()))
    assert len(said) == 1 and said[0] in (200, 400, 403, 404)
    for request in upstream.since(start):
        assert not any(reading.startswith("/private") for reading in readings(request.target)), request.target


@pytest.mark.parametrize(
    "path",
    [
        "//",
        "/public//x",
        "/public/%00",
        "/public/a%00b",
        "/public/%zz",
        "/public/%",
        "/%70ublic/x",
        "/public/%C3%28",
        "/public/a%0d%0aX-Injected:%201",
        "/public/?a=%0d%0aX:1",
        "/public/;/x",
        "/public/x#fragment",
        "/public/{proxy}",
        "/public/a b".replace(" ", "%20"),
    ],
)
def test_odd_paths_get_one_answer_and_stay_one_request(tollgate, upstream, guarded, path):
    start = upstream.seen()
    head = f"GET {guarded.path(path)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    said = statuses(raw(tollgate.gateway, head.encode()))
    assert len(said) == 1 and said[0] in (200, 400, 403, 404)
    received = upstream.since(start)
    assert len(received) <= 1
    assert all(request.value("X-Injected") is None and request.value("X") is None for request in received)


@pytest.mark.parametrize("length", [9_000, 70_000, 2 * MEGABYTE])
def test_very_long_paths_get_a_clear_answer(tollgate, guarded, length):
    said = raw(
        tollgate.gateway,
        b"GET %s/%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        % (guarded.path("/public").encode(), b"a" * length),
    )
    assert all(status in (200, 400, 413, 414, 431) for status in statuses(said))
    assert statuses(said) or length > 65536


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/restapis",
        "/restapis/",
        "/restapis//dev/_user_request_/",
        "/_aws/execute-api/",
        "/restapis/a/b/c/d",
        "/%72estapis/x/y/_user_request_/z",
        "/nosuch",
    ],
)
def test_addresses_that_name_no_api_are_forbidden(tollgate, path):
    answer = call(tollgate.gateway, path)
    assert answer.status == 403 and answer.error_type.endswith("Exception") and answer.message


@pytest.fixture
def open_api(client, own_upstream):
    """An API without keys before an upstream that nobody else calls."""
    return an_api(client, own_upstream, key_required=False, timeout=5000)


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


def smuggle(framing, body):
    def build(path):
        return b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n" + body

    return build


CHUNKED = b"Transfer-Encoding: chunked\r\n"
REFUSED_FRAMINGS = {
    "two different lengths": smuggle(b"Content-Length: 5\r\nContent-Length: 44\r\n", b"abcde" + SMUGGLED),
    "a list of lengths": smuggle(b"Content-Length: 5, 44\r\n", b"abcde" + SMUGGLED),
    "length and chunks": smuggle(b"Content-Length: 5\r\n" + CHUNKED, b"0\r\n\r\n" + SMUGGLED),
    "chunks and length": smuggle(CHUNKED + b"Content-Length: 44\r\n", b"0\r\n\r\n" + SMUGGLED),
    "a signed length": smuggle(b"Content-Length: +5\r\n", b"abcde" + SMUGGLED),
    "a negative length": smuggle(b"Content-Length: -1\r\n", SMUGGLED),
    "a hexadecimal length": smuggle(b"Content-Length: 0x5\r\n", b"abcde" + SMUGGLED),
    "a length beyond all bounds": smuggle(b"Content-Length: 99999999999999999999999\r\n", SMUGGLED),
    "an empty length": smuggle(b"Content-Length: \r\n", SMUGGLED),
    "a folded header": smuggle(b"X-Folded: a\r\n Content-Length: 5\r\n", SMUGGLED),
    "a folded coding": smuggle(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "a blank before the colon": smuggle(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "an unknown coding": smuggle(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    "a coding after chunked": smuggle(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n" + SMUGGLED),
    "a NUL in a header": smuggle(b"X-Nul: a\x00b\r\n", SMUGGLED),
    "a CR in a header": smuggle(b"X-Cr: a\rContent-Length: 5\r\n", SMUGGLED),
    "a header without a name": smuggle(b": nameless\r\n", SMUGGLED),
    "a header without a colon": smuggle(b"nonsense\r\n", SMUGGLED),
}


def attack(tollgate, upstream, payload):
    """Sends bytes and returns the status codes of the answers; nothing smuggled may have arrived."""
    before = upstream.seen()
    said = statuses(raw(tollgate.gateway, payload))
    received = upstream.since(before)
    assert not any("smuggled" in request.target for request in received)
    assert len(received) <= 1
    return said, received


@pytest.mark.parametrize("payload", REFUSED_FRAMINGS.values(), ids=REFUSED_FRAMINGS)
def test_a_request_with_two_readings_is_refused_and_its_connection_closed(tollgate, own_upstream, open_api, payload):
    said, received = attack(tollgate, own_upstream, payload(open_api.path("/echo").encode()))
    assert received == []
    assert len(said) == 1 and 400 <= said[0] <= 501, said


CHUNKS = {
    "no number": b"zz\r\nabc\r\n0\r\n\r\n",
    "a negative size": b"-1\r\nabc\r\n0\r\n\r\n",
    "a prefixed size": b"0x3\r\nabc\r\n0\r\n\r\n",
    "a size beyond all bounds": b"FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
    "an empty size": b"\r\nabc\r\n0\r\n\r\n",
    "a chunk longer than its size": b"3\r\nabcdef\r\n0\r\n\r\n",
    "a chunk without its end": b"3\r\nabc0\r\n\r\n",
    "a line feed in an extension": b"3;a\nb\r\nabc\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_bad_chunks_never_become_a_whole_request(tollgate, own_upstream, open_api, chunks):
    payload = smuggle(CHUNKED, chunks + SMUGGLED)(open_api.path("/echo").encode())
    said, received = attack(tollgate, own_upstream, payload)
    assert received == [], "the upstream took a broken body for a whole one"
    assert all(400 <= status < 600 for status in said) and len(said) <= 1


def test_bare_line_feeds_are_refused_or_read_in_one_way(tollgate, own_upstream, open_api):
    path = open_api.path("/echo").encode()
    for payload in (
        b"GET " + path + b" HTTP/1.1\nHost: x\nConnection: close\n\n",
        b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nX-A: b\nX-C: d\r\nConnection: close\r\n\r\n",
    ):
        said, received = attack(tollgate, own_upstream, payload)
        assert said in ([400], [200], [])
        for request in received:
            assert "\n" not in "".join(name + value for name, value in request.headers)


def test_a_second_request_on_the_connection_is_a_call_of_its_own(tollgate, own_upstream, open_api):
    one = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (
        open_api.path("/echo").encode(),
        len(SMUGGLED),
    )
    two = b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % open_api.path("/echo/two").encode()
    said = raw(tollgate.gateway, one + SMUGGLED + two)
    assert statuses(said) == [200, 200]
    assert [(request.target, request.body) for request in own_upstream.since(0)] == [
        ("/echo", SMUGGLED),
        ("/echo/two", b""),
    ]


def test_too_many_and_too_large_headers_are_refused(tollgate, own_upstream, open_api):
    path = open_api.path("/echo").encode()
    for headers in (b"X-Large: " + b"a" * 200_000 + b"\r\n", b"".join(b"X-%d: a\r\n" % n for n in range(20_000))):
        said, received = attack(
            tollgate, own_upstream, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n"
        )
        assert received == [] and all(status in (400, 413, 431) for status in said)


@pytest.mark.parametrize(
    "payload",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\r\n" * 5000,
        b"GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    ],
    ids=range(12),
)
def test_bytes_that_are_no_call_get_the_gateway_nowhere(tollgate, payload):
    assert all(400 <= status < 506 for status in statuses(raw(tollgate.gateway, payload, within=2)))
