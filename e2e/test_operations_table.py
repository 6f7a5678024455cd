"""The table of operations in the manual: every operation of AWS, whether it is built, and the tests that name it.

    python e2e/test_operations_table.py --write

writes docs/operations.md anew from AWS's own model, the router and the tests.
"""

import re
import sys
from pathlib import Path

from botocore import xform_name

from contract.case import Done, Refused
from contract.cases import CASES
from operations import of_aws, of_router

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "operations.md"
# Where tests are, and what is put before the names of their files to tell one from another.
TESTS = {ROOT / "crates" / "control" / "tests": "", ROOT / "e2e": "", ROOT / "e2e" / "sdk" / "tests" / "suite": "sdk/"}
HEAD = """\
# Operations

Every operation of AWS API Gateway's REST API, version 1, by AWS's own model, with what Tollgate does of it and its
tests: how many cases of `test_contract.py` it does and refuses, and the files that name it. Written by
`python e2e/test_operations_table.py --write`; a test keeps it true.

{built} of {all} operations are built.

| operation | method | path | built | done | refused | tests |
|---|---|---|---|---|---|---|
"""


def sources():
    """The tests, by the name of their file."""
    files = (
        (prefix + file.name, file)
        for folder, prefix in TESTS.items()
        for pattern in ("*.rs", "*/*.rs", "test_*.py")
        for file in sorted(folder.glob(pattern))
    )
    return {name: file.read_text() for name, file in files if file != Path(__file__).resolve()}


def naming(operation, tests):
    """The files that name an operation in any of its spellings: of the model, of boto3, of the CLI."""
    snake = xform_name(operation.name)
    spellings = "|".join([operation.name, snake, snake.replace("_", "-")])
    word = re.compile(rf"(?<![\w-])({spellings})(?![\w-])")
    return [name for name, text in tests.items() if word.search(text)]


def row(operation, built, tests):
    names = ", ".join(f"`{name}`" for name in naming(operation, tests)) or "–"
    cases = [case for case in CASES if case.operation == operation.name]
    counts = [str(sum(isinstance(case, kind) for case in cases) or "–") for kind in (Done, Refused)]
    cells = [operation.name, operation.method, f"`{operation.path}`", "yes" if built else "no", *counts, names]
    return f"| {' | '.join(cells)} |"


def page():
    routed, tests = of_router(), sources()
    operations = sorted(of_aws())
    rows = [row(operation, routed.get(operation, False), tests) for operation in operations]
    built = sum(routed.get(operation, False) for operation in operations)
    return HEAD.format(built=built, all=len(operations)) + "\n".join(rows) + "\n"


def test_the_router_has_every_operation_of_aws_as_aws_has_it():
    aws, routed = set(of_aws()), set(of_router())
    assert len(aws) == 124
    assert (aws - routed, routed - aws) == (set(), set())


def test_the_page_of_operations_is_up_to_date():
    assert PAGE.read_text() == page(), f"write it anew: python e2e/{Path(__file__).name} --write"


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    PAGE.write_text(page())
