"""Bad input at the management API gets a clear answer and changes nothing."""

import pytest

from arrange import a_key, unique
from callers import raw, signed, statuses

pytestmark = pytest.mark.usefixtures("still_serves")
MEGABYTE = 1024 * 1024


@pytest.fixture
def nothing_changes(client):
    """Afterwards all lists have as many items as before."""

    def counts():
        return [
            len(list(page["items"]))
            for operation in ("get_api_keys", "get_usage_plans", "get_rest_apis")
            for page in client.get_paginator(operation).paginate(PaginationConfig={"PageSize": 500})
        ]

    before = counts()
    yield
    assert counts() == before


def is_clear(answer, *expected):
    """The answer is a client error in AWS's form that does not quote our insides."""
    assert answer.status in expected, (answer.status, answer.body[:300])
    assert answer.error_type.endswith("Exception"), answer.headers.items()
    assert answer.message and "panic" not in answer.message
    assert len(answer.body) < 16384
    return True


BODIES = {
    "no JSON": b"{name: nonsense",
    "half a string": b'{"name": "x',
    "not an object": b'["name"]',
    "a bare string": b'"name"',
    "null": b"null",
    "trailing text": b'{"name": "x"} {"name": "y"}',
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "half a surrogate": b'{"name": "\\ud800"}',
    "deep nesting": b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a NUL byte": b'{"name": "x\x00y"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("path", ["/apikeys", "/usageplans", "/restapis"])
def test_a_malformed_body_is_refused(tollgate, nothing_changes, path, body):
    is_clear(signed(tollgate, "POST", path, body), 400)


def test_wrong_types_are_serialization_errors(tollgate, nothing_changes):
    for body, message in (
        ({"name": True}, "class java.lang.Boolean can not be converted to an String"),
        (
            {"name": 5},
            "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String",
        ),
    ):
        for path in ("/apikeys", "/usageplans", "/restapis"):
            answer = signed(tollgate, "POST", path, body)
            assert (answer.status, answer.error_type, answer.message) == (400, "SerializationException", message)
    for path, body in (
        ("/apikeys", {"name": ["x"]}),
        ("/apikeys", {"tags": "x"}),
        ("/apikeys", {"stageKeys": {}}),
        ("/usageplans", {"name": "x", "throttle": []}),
        ("/usageplans", {"name": "x", "apiStages": {}}),
        ("/usageplans", {"name": "x", "quota": {"limit": "many", "period": "DAY"}}),
        ("/usageplans", {"name": "x", "throttle": {"rateLimit": {}}}),
        ("/restapis", {"name": {"a": "b"}}),
    ):
        assert is_clear(signed(tollgate, "POST", path, body), 400), (path, body)


def test_unknown_fields_are_ignored_as_aws_does_or_refused_but_never_half_done(tollgate, client):
    answer = signed(tollgate, "POST", "/apikeys", {"name": unique(), "nosuch": {"deep": [1]}, "Value": "x" * 30})
    if answer.status == 201:
        assert set(answer.json) <= {"id", "value", "name", "enabled", "createdDate", "lastUpdatedDate", "stageKeys"}
        client.delete_api_key(apiKey=answer.json["id"])
    else:
        is_clear(answer, 400)


@pytest.mark.parametrize(
    "limits",
    [
        {"throttle": {"rateLimit": -1, "burstLimit": 1}},
        {"throttle": {"rateLimit": 1, "burstLimit": -1}},
        {"throttle": {"rateLimit": 1, "burstLimit": 2**70}},
        {"quota": {"limit": 2**70, "period": "DAY"}},
        {"quota": {"limit": 1, "period": "YEAR"}},
    ],
)
def test_limits_out_of_range_are_refused(tollgate, nothing_changes, limits):
    is_clear(signed(tollgate, "POST", "/usageplans", {"name": "x", **limits}), 400)


@pytest.mark.parametrize("text", [b"1e999", b"-1e999", b"NaN", b"Infinity"])
def test_numbers_beyond_all_bounds_are_refused(tollgate, nothing_changes, text):
    body = b'{"name": "x", "throttle": {"rateLimit": %s, "burstLimit": 1}}' % text
    is_clear(signed(tollgate, "POST", "/usageplans", body), 400)


def test_a_body_of_11_mb_is_refused(tollgate, nothing_changes):
    body = b'{"name": "' + b"x" * 11 * MEGABYTE + b'"}'
    assert is_clear(signed(tollgate, "POST", "/apikeys", body), 400, 413)


def test_names_of_10000_characters_are_refused_where_aws_limits_them(tollgate, nothing_changes):
    answer = signed(tollgate, "POST", "/apikeys", {"name": "n" * 10_000})
    assert answer.message == "Invalid API Key name, can be at most 1024 characters."
    assert is_clear(signed(tollgate, "GET", "/apikeys/" + "k" * 10_000), 400, 404, 414)
    assert is_clear(signed(tollgate, "GET", "/apikeys?limit=" + "9" * 10_000), 400)


@pytest.mark.parametrize(
    "operations",
    [
        None,
        "x",
        {},
        [None],
        ["x"],
        [{}],
        [{"op": "replace"}],
        [{"path": "/name", "value": "x"}],
        [{"op": "replace", "path": 5, "value": "x"}],
        [{"op": "replace", "path": "", "value": "x"}],
        [{"op": "replace", "path": "name", "value": "x"}],
        [{"op": "replace", "path": "/name", "value": {"a": 1}}],
        [{"op": "replace", "path": "/~2", "value": "x"}],
        [{"op": "replace", "path": "/" + "a/" * 5000, "value": "x"}],
    ],
)
def test_patches_without_sense_are_refused_or_change_nothing(tollgate, client, operations):
    key = a_key(client, name="unchanged")
    before = client.get_api_key(apiKey=key.id)["name"]
    answer = signed(tollgate, "PATCH", f"/apikeys/{key.id}", {"patchOperations": operations})
    assert answer.status == 200 or is_clear(answer, 400)
    assert client.get_api_key(apiKey=key.id)["name"] == before


@pytest.mark.parametrize(
    "path",
    [
        "/apikeys/..",
        "/apikeys/%2e%2e/account",
        "//apikeys",
        "/apikeys/%00",
        "/apikeys/%ff%fe",
        "/apikeys//",
        "/tags/%25",
        "/restapis/%2F/stages",
        "/apikeys/%zz",
    ],
)
def test_paths_without_sense_are_refused_by_the_management_api(tollgate, nothing_changes, path):
    is_clear(signed(tollgate, "GET", path), 400, 403, 404)


def test_bytes_that_are_no_http_get_the_management_api_nowhere(tollgate):
    for payload in (b"\x16\x03\x01\x02\x00\x01", b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 2 * MEGABYTE):
        assert all(400 <= status < 500 for status in statuses(raw(tollgate.management, payload, within=3)))
