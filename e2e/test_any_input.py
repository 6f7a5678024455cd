"""Whatever a request has in place of what it should have, the answer is one of AWS's: done or refused, never a 500."""

import json
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from botocore import xform_name

from callers import signed
from contract.case import Done
from contract.cases import CASES
from contract.shapes import strangers
from contract.world import World

#: What stands in a member's place: every type of JSON, and texts and numbers at the edges.
STRANGE = [
    None,
    True,
    0,
    -1,
    1.5,
    2**63,
    1e300,
    "",
    "nonsense",
    "é\u2028 /%2F~1{}\0",
    "x" * 20_000,
    [],
    [None],
    ["x", 1],
    {},
    {"": ""},
    {"a": {"b": []}},
]
REFUSALS = {"BadRequestException", "NotFoundException", "ConflictException", "ValidationException",
            "SerializationException"}


@contextmanager
def sent(client):
    """Collects what a client sends while it is in use."""
    requests = []

    def note(request, **_):
        requests.append(request)

    client.meta.events.register("before-send.api-gateway.*", note)
    try:
        yield requests
    finally:
        client.meta.events.unregister("before-send.api-gateway.*", note)


def with_bodies():
    chosen = [case for case in CASES if isinstance(case, Done)]
    with_body = {case.operation: case for case in chosen if case.operation.startswith(("Create", "Put", "Update"))}
    return [case for case in with_body.values() if case.operation != "PutRestApi"]


def variants(body):
    """The body with each member in turn, and each member of its members, replaced by something strange."""
    for name, value in body.items():
        for strange in STRANGE:
            yield {**body, name: strange}
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            for member in variants(inner):
                yield {**body, name: [member] if isinstance(value, list) else member}


@pytest.mark.parametrize("case", with_bodies(), ids=lambda case: case.name)
def test_a_member_of_any_type_is_done_or_refused_in_awss_form(tollgate, client, case):
    arguments = case.arguments(World(client))
    with sent(client) as requests:
        getattr(client, xform_name(case.operation))(**arguments)
    (request,) = requests
    address = urlsplit(request.url)
    path = address.path + (f"?{address.query}" if address.query else "")
    shape = client.meta.service_model.operation_model(case.operation).output_shape
    for body in variants(json.loads(request.body)):
        answer = signed(tollgate, request.method, path, json.dumps(body).encode())
        told = json.dumps(body)[:300], answer.status, answer.body[:300]
        if answer.status < 300:
            assert strangers(shape, answer.json) == [], told
        else:
            assert answer.status < 500 and answer.error_type in REFUSALS and answer.message, told
    assert tollgate.alive() and "panicked" not in tollgate.log()
