"""Every operation of AWS's REST API, done as asked and refused, with AWS's statuses, error codes and messages."""

import json

import pytest
from botocore import xform_name

from contract.case import Done, Refused, lacks, of_world
from contract.cases import CASES
from contract.shapes import answers, strangers
from contract.world import World
from operations import of_aws
from refusals import refused

STATUSES = {operation.name: operation.status for operation in of_aws()}
#: Operations that have no way to be refused.
NEVER_REFUSED = {"GetAccount": "it takes no arguments; signatures are the matter of test_signatures.py"}


def cases(kind):
    chosen = [case for case in CASES if isinstance(case, kind)]
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case.name)


@pytest.fixture
def world(client):
    return World(client)


@cases(Done)
def test_an_operation_is_done_and_answered_in_the_shape_of_awss_model(world, client, case):
    operation, arguments = getattr(client, xform_name(case.operation)), case.arguments(world)
    with answers(client) as seen:
        said = operation(**arguments)
    (model, raw), *more = seen
    assert (model.name, raw["status_code"], more) == (case.operation, STATUSES[case.operation], [])
    wanted = of_world(case.says, world) or {}
    assert not lacks(said, wanted), (said, wanted)
    if model.output_shape and "payload" not in model.output_shape.serialization:
        assert strangers(model.output_shape, json.loads(raw["body"])) == []
    else:
        assert raw["body"] == b"" or "payload" in model.output_shape.serialization


@cases(Refused)
def test_an_operation_is_refused_in_the_words_of_aws(world, client, case):
    arguments = case.arguments(world)
    answer = refused(getattr(client, xform_name(case.operation)), **arguments)
    assert answer == (case.status, case.code, of_world(case.message, world))


@pytest.mark.parametrize("kind", [Done, Refused])
def test_no_operation_is_without_a_case(kind):
    tried = {case.operation for case in CASES if isinstance(case, kind)}
    known = set(NEVER_REFUSED) if kind is Refused else set()
    assert set(STATUSES) - tried == known
