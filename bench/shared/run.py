"""Measures a node that shares PostgreSQL and Redis beside one by itself, interleaved, and writes a table.

Both serve the scenario of `bench/gateway` with 10,000 active keys. The node has one worker on the first core; load,
upstream, PostgreSQL and Redis have the second. CPU time is that of the node alone, with the same calls a second for both,
and then with as many as go through: there the second core gives PostgreSQL what the load lacks, and a node that gets fewer
calls at once needs more time for each.
"""

import argparse
import datetime
import random
import re
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "gateway"))

import keys  # noqa: E402 - the scenario's own
import load  # noqa: E402
import machine  # noqa: E402
from node import Tollgate, configure, harness  # noqa: E402
from peers import Upstream  # noqa: E402
from postgres import MASTER_KEY, Postgres  # noqa: E402 - the end-to-end tests' own
from redis_server import Redis  # noqa: E402

WARM_SECONDS = 12
"""Longer than a portion's term, so that keys are known to be called now and then."""

SPREADS = {"uniform": "free", "Zipf": "zipf"}
"""How keys are chosen, as `load.saturate` has it."""

STEADY_CALLS = 200_000
"""Keys that a steady load takes in turns, chosen like that."""


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


def spent(node, counted):
    """CPU microseconds of the node for each call that was answered, and how many were."""
    before = machine.cpu_nanos(node.pid)
    counts = counted()
    took = machine.cpu_nanos(node.pid) - before
    if counts["statuses"].keys() != {"200"} or counts["failed"]:
        raise RuntimeError(f"{node.name}: {counts}")
    return took / 1000 / counts["answered"], counts["answered"]


def chosen(spread):
    """The keys of a steady load, one call after the other."""
    dice = random.Random(1)
    last = len(keys.FREE)
    if spread == "Zipf":
        return [keys.FREE[min(last, int((last + 1) ** dice.random())) - 1] for _ in range(STEADY_CALLS)]
    return dice.choices(keys.FREE, k=STEADY_CALLS)


def row(spread, *cells):
    def cell(values, digits):
        return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"

    return "| " + " | ".join([spread, *(cell(values, digits) for values, digits in cells)]) + " |"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rate", type=int, help="calls a second for both; half of what the node alone takes, unless given")
    parser.add_argument("--out", type=Path, help="where the report is written, in Markdown")
    return parser.parse_args()


def rounds(given, folder, alone, shared, postgres, database):
    """The rows of the table: for each spread of the keys, what each round came to."""
    for spread, named in SPREADS.items():
        file = folder / spread
        file.write_text("".join(f"{key}\n" for key in chosen(spread)))
        steady, full, redis, transacted = [], [], [], []
        for node in (alone, shared):
            load.saturate(node, named, WARM_SECONDS, 0)
        rate = given.rate or round(load.saturate(alone, named, 2, 0)["answered"] / 4, -2)

        def at_rate(node):
            load.steady(node, file, rate, 1)
            return spent(node, lambda: load.steady(node, file, rate, given.seconds))

        for seed in range(given.rounds):
            own, _ = at_rate(alone)
            before = shared.redis_round_trips(), transactions(postgres, database)
            cpu, requests = at_rate(shared)
            after = shared.redis_round_trips(), transactions(postgres, database)
            # The calls of the second before are among them.
            requests += rate
            redis.append(1000 * (after[0] - before[0]) / requests)
            transacted.append(1000 * (after[1] - before[1]) / requests)
            steady.append(cpu / own)
            most = [spent(node, lambda: load.saturate(node, named, given.seconds, seed))[0] for node in (alone, shared)]
            full.append(most[1] / most[0])
            print(
                f"{spread}, round {seed + 1}: {own:.1f} µs alone and {cpu:.1f} µs shared at {rate:,.0f}/s; "
                f"{most[0]:.1f} and {most[1]:.1f} with all that goes through",
                flush=True,
            )
        yield row(f"{spread}, {rate:,.0f} a second", (steady, 2), (full, 2), (redis, 1), (transacted, 1))


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
            rows = list(rounds(given, folder, *nodes, postgres, database))
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
            "| keys called | CPU per request, shared ÷ alone, at the same rate | the same with all that goes through "
            "| round trips to Redis per 1,000 requests | transactions of PostgreSQL per 1,000 requests |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
    print(f"\n{text}")
    if given.out:
        given.out.write_text(text)


if __name__ == "__main__":
    main()
