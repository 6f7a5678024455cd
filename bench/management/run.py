"""Times every operation of the management API on a full Tollgate, and fails when one misses its bar.

    TOLLGATE_BIN=target/release/tollgate python bench/management/run.py [--rounds N]

One client, one call at a time, signed by SigV4, through boto3. Prints a table in Markdown.
"""

import argparse
import itertools
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "e2e"))

from documents import large_api, large_deployment, whole_documents
from harness import BINARY, Tollgate
from lifecycles import SINGLE
from population import Size, fill
from stopwatch import Stopwatch

SINGLE_BAR, DEPLOYMENT_BAR = 20, 200  # milliseconds, of the median
LARGE = 300
# They call what a method or an authorizer leads to, so their time is not the management API's.
NOT_TIMED = {"TestInvokeAuthorizer", "TestInvokeMethod"}
HEAD = "| operation | calls | median ms | p99 ms |\n|---|---|---|---|"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50, help="each calls every operation at least once")
    rounds = parser.parse_args().rounds
    if not 1 <= rounds < Size().apis:
        parser.error(f"between 1 and {Size().apis - 1} rounds")
    with tempfile.TemporaryDirectory() as folder:
        tollgate = Tollgate(Path(folder) / "data", Path(folder) / "stderr.log", TOLLGATE_LOG="error")
        try:
            missed = measure(tollgate.client(), Size(), rounds)
        finally:
            tollgate.end()
    sys.exit("missed: " + ", ".join(missed) if missed else 0)


def measure(client, size, rounds):
    """Prints the tables and returns the operations that missed their bar."""
    start = time.monotonic()
    population = fill(client, size)
    print(f"{BINARY.name} filled in {time.monotonic() - start:.1f} s\n")
    single, whole, large = Stopwatch(client), Stopwatch(client), Stopwatch(client)
    for number, lifecycle in itertools.product(range(rounds), SINGLE):
        lifecycle(single, population, number)
    for number in range(rounds):
        whole_documents(whole, population, number)
    api = large_api(client, LARGE)
    for _ in range(rounds):
        large_deployment(large, api)
    forgotten = set(client.meta.method_to_api_mapping.values()) - set(single.seconds) - set(whole.seconds) - NOT_TIMED
    assert not forgotten, f"nothing times {', '.join(sorted(forgotten))}"
    print(table("Single reads and writes", single))
    print(table("Whole documents", whole))
    print(table(f"Deployment of an API of {LARGE} resources", large))
    return over(single, SINGLE_BAR) + over(large, DEPLOYMENT_BAR)


def over(watch, bar):
    return [operation for operation in sorted(watch.seconds) if watch.median(operation) >= bar]


def table(title, watch):
    rows = [
        f"| {operation} | {len(taken)} | {watch.median(operation):.1f} | {watch.p99(operation):.1f} |"
        for operation, taken in sorted(watch.seconds.items())
    ]
    return "\n".join([f"### {title}\n", HEAD, *rows, ""])


if __name__ == "__main__":
    main()
