"""The operations of AWS API Gateway's REST API: as AWS's own model has them, and as the router has them."""

import re
from pathlib import Path
from typing import NamedTuple

import botocore.session

ROUTER = Path(__file__).resolve().parent.parent / "crates" / "control" / "src" / "router.rs"
LINE = re.compile(
    r'^ {4}(?P<name>\w+) +(?P<method>[A-Z]+) +(?P<status>[A-Z_]+) +\[(?P<run>[\w:]*)\] +"(?P<path>[^"]+)";$'
)
STATUSES = {"OK": 200, "CREATED": 201, "ACCEPTED": 202, "NO_CONTENT": 204}


class Operation(NamedTuple):
    """An operation on the wire."""

    name: str
    method: str
    path: str
    status: int


def of_aws():
    """The operations of AWS's model, in its order."""
    model = botocore.session.get_session().get_service_model("apigateway", api_version="2015-07-09")
    return [of_model(model.operation_model(name)) for name in model.operation_names]


def of_model(operation):
    http = operation.http
    return Operation(operation.name, http["method"], http["requestUri"], http.get("responseCode", 200))


def of_router():
    """AWS's operations in the router's table, each with whether it is built."""
    lines = filter(None, map(LINE.match, ROUTER.read_text().splitlines()))
    lines = [line for line in lines if not line["path"].startswith("/tollgate/")]
    return {of_line(line): bool(line["run"]) for line in lines}


def of_line(line):
    return Operation(line["name"], line["method"], line["path"], STATUSES[line["status"]])
