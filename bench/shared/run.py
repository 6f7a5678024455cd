"""Measures a node that shares PostgreSQL and Redis beside one by itself, interleaved, and writes a table.

Both serve the scenario of `bench/gateway` with 10,000 active keys. The node has one worker on the first core; load,
upstream, PostgreSQL and Redis have the second. CPU time is that of the node alone.
"""

import argparse
import datetime
import re
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "gateway"))

import load  # noqa: E402 - the scenario's own
import machine  # noqa: E402
from node import Tollgate, configure, harness  # noqa: E402
from peers import Upstream  # noqa: E402
from postgres import MASTER_KEY, Postgres  # noqa: E402 - the end-to-end tests' own
from redis_server import Redis  # noqa: E402

WARM_SECONDS = 12
"""Longer than a portion's term, so that keys are known to be called now and then."""

SPREADS = {"uniform": "free", "Zipf": "zipf"}
"""How keys are chosen, as `bench/gateway/calls.lua` has it."""


class Shared(Tollgate):
    """A node that shares its store and its buckets."""

    name = "shared"

    def __init__(self, folder, upstream, store, buckets):
        settings = {
            "TOLLGATE_GATEWAY_THREADS__COUNT": 1,
            "TOLLGATE_LOG": "error",
            "TOLLGATE_STORE__URL": store,
            "TOLLGATE_BUCKETS__URL": buckets,
            "TOLLGATE_MASTER_KEY": MASTER_KEY,
        }
        self.server = harness.Tollgate(folder / "data", folder / "log", **settings)
        self.process = self.server.process
        pin(self.process.pid, machine.GATEWAY_CORE)
        self.port = self.server.gateway[1]
        self.host, self.path = configure(self.server.client(), upstream)

    def redis_round_trips(self):
        address = "http://{}:{}/metrics".format(*self.server.management)
        with urllib.request.urlopen(address, timeout=10) as answer:
            return float(re.search(rb"^tollgate_bucket_round_trips_total (\S+)$", answer.read(), re.MULTILINE)[1])


def pin(pid, core):
    for member in machine.family(pid):
        subprocess.run(["taskset", "-acp", core, str(member)], check=True, capture_output=True)


def transactions(postgres, database):
    """How many the database has ended. It counts with a delay of up to a second."""
    sql = f"SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '{database}'"
    return int(postgres.query("postgres", sql)[0][0])


def measure(node, keys, seconds, seed):
    """CPU microseconds of the node per request, and requests."""
    before = machine.cpu_nanos(node.pid)
    counts = load.saturate(node, keys, seconds, seed)
    spent = machine.cpu_nanos(node.pid) - before
    if counts["refused"] or counts["failed"]:
        raise RuntimeError(f"{node.name}: {counts}")
    return spent / 1000 / counts["requests"], counts["requests"]


def row(spread, ratios, redis, postgres):
    def cell(values, digits):
        return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"

    return f"| {spread} | {cell(ratios, 2)} | {cell(redis, 1)} | {cell(postgres, 1)} |"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="where the report is written, in Markdown")
    return parser.parse_args()


def rounds(given, alone, shared, postgres, database):
    """The rows of the table: for each spread of the keys, what each round came to."""
    for spread, keys in SPREADS.items():
        ratios, redis, database_trips = [], [], []
        for node in (alone, shared):
            load.saturate(node, keys, WARM_SECONDS, 0)
        for seed in range(given.rounds):
            own, _ = measure(alone, keys, given.seconds, seed)
            before = shared.redis_round_trips(), transactions(postgres, database)
            cpu, requests = measure(shared, keys, given.seconds, seed)
            after = shared.redis_round_trips(), transactions(postgres, database)
            ratios.append(cpu / own)
            redis.append(1000 * (after[0] - before[0]) / requests)
            database_trips.append(1000 * (after[1] - before[1]) / requests)
            print(f"{spread}, round {seed + 1}: {own:.1f} µs alone, {cpu:.1f} µs shared", flush=True)
        yield row(spread, ratios, redis, database_trips)


def main():
    given = arguments()
    postgres, redis = Postgres(), Redis()
    with tempfile.TemporaryDirectory() as temporary:
        folder, nodes = Path(temporary), []
        upstream = Upstream(folder)
        try:
            pin(postgres.script.pid, machine.LOAD_CORE)
            pin(redis.pid, machine.LOAD_CORE)
            database = postgres.make_database()
            for name in ("alone", "shared"):
                (folder / name).mkdir()
            nodes.append(Tollgate(folder / "alone", upstream.port))
            nodes.append(Shared(folder / "shared", upstream.port, postgres.url(database), redis.url))
            rows = list(rounds(given, *nodes, postgres, database))
        finally:
            for node in nodes:
                node.stop()
            upstream.stop()
            redis.end()
            postgres.end()
    text = "\n".join(
        [
            f"{datetime.date.today()}: {machine.described()}.",
            f"Tollgate {Tollgate.version()}. {given.rounds} rounds of {given.seconds} s, 10,000 keys. A cell is the median "
            "of the rounds, with the smallest and the largest.",
            "",
            "| keys called | CPU per request, shared ÷ alone | round trips to Redis per 1,000 requests "
            "| transactions of PostgreSQL per 1,000 requests |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )
    print(f"\n{text}")
    if given.out:
        given.out.write_text(text)


if __name__ == "__main__":
    main()
