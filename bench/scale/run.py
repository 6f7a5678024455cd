"""Measures Tollgate with very many keys: import, creation, memory, and how soon it is ready.

    python bench/scale/run.py [--keys N] [--rounds N] [--out FILE]

A node with all keys and fresh ones with a thousand take turns, so that what growth costs is a ratio within one run.
"""

import argparse
import datetime
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(BENCH.parent / "e2e"), str(BENCH / "gateway")]
os.environ.setdefault("TOLLGATE_BIN", "target/release/tollgate")

import machine
from creation import CLIENTS, create_keys, syncs_a_second
from harness import Tollgate
from population import import_keys, plan

FEW = 1_000
# How long an import is over when memory is measured again: by then what it needed is given back.
SETTLED_AFTER = 20  # seconds


def start(folder, name):
    """A node on a data directory of its own."""
    return Tollgate(folder / name, folder / f"{name}.log", TOLLGATE_LOG="error")


def measure(folder, keys, rounds, created):
    """All figures of a run: name to values."""
    large = start(folder, "large")
    try:
        figures = {"empty": [large.memory()], "syncs": [syncs_a_second(folder)]}
        took = import_keys(large.client(), plan(large.client()), keys, told=lambda text: print(text, flush=True))
        figures["import"] = [keys / took]
        figures["imported"] = [large.memory() / keys]
        time.sleep(SETTLED_AFTER)
        figures["settled"] = [large.memory() / keys]
        rates = [round_of_creation(folder, large, number, created) for number in range(rounds)]
        figures["few"], figures["many"] = [list(of) for of in zip(*rates, strict=True)]
        figures["growth"] = [few / many for few, many in rates]
        figures["start"], figures["restarted"] = [], []
        for _ in range(rounds):
            seconds = restart(large)
            figures["start"].append(seconds)
            figures["restarted"].append(large.memory() / keys)
            print(f"ready after {seconds:.2f} s", flush=True)
        return figures
    finally:
        large.end()


def round_of_creation(folder, large, number, created):
    """Keys created in a second by a node that has few, and by one that has many."""
    small = start(folder, f"small-{number}")
    try:
        import_keys(small.client(), plan(small.client()), FEW)
        few = create_keys(small, created, f"few-{number}")
        many = create_keys(large, created, f"many-{number}")
    finally:
        small.end()
    for name, counts in {"few": few, "many": many}.items():
        told = ", ".join(f"{member} {value:,.1f}" for member, value in counts.items())
        print(f"round {number + 1}, {name} keys: {told}", flush=True)
    return few["rate"], many["rate"]


def restart(node):
    """Stops a node and starts it again. Returns the seconds from its start until it is ready."""
    node.stop(within=120)
    began = time.monotonic()
    node.start()
    return time.monotonic() - began


# What each bar is about: a figure, its unit, the bound and the aim, and whether more is better.
BARS = [
    ("start with all keys to ready", "start", "s", 5, 1.5, False),
    ("resident memory per key after a restart", "restarted", "B", 400, 150, False),
    (f"resident memory per key {SETTLED_AFTER} s after the import", "settled", "B", 400, 150, False),
    (f"CreateApiKey, durable, {CLIENTS} clients, all keys", "many", "/s", 1_500, 6_000, True),
    ("CSV import", "import", "keys/s", 30_000, 150_000, True),
    ("CreateApiKey with all keys ÷ with 1,000 (time)", "growth", "", 1.5, 1.1, False),
]


def written(figures, keys):
    """The report, in Markdown."""
    lines = [
        f"{datetime.date.today()}: {machine.described()}.",
        f"{keys:,} keys, each in one plan with a throttle and a quota. The disk makes {figures['syncs'][0]:,.0f} syncs a "
        f"second of a single writer. An empty node has {figures['empty'][0] / 2**20:.0f} MiB resident; right after the import "
        f"it is {figures['imported'][0]:,.0f} bytes a key, with what the last file needed. CreateApiKey with 1,000 keys: {statistics.median(figures['few']):,.0f}/s. Medians, with the smallest and the largest.",
        "",
        "| measure | must | aim | measured | |",
        "|---|---|---|---|---|",
    ]
    for what, name, unit, must, aim, more in BARS:
        values = figures[name]
        middle = statistics.median(values)
        within = (lambda bound, middle=middle: middle >= bound) if more else (lambda bound, middle=middle: middle <= bound)
        standing = "aim met" if within(aim) else "met" if within(must) else "**missed**"
        sign, digits = ("≥" if more else "≤"), (2 if max(values) < 20 else 0)
        shown = f"{middle:,.{digits}f} ({min(values):,.{digits}f}–{max(values):,.{digits}f}) {unit}"
        lines.append(f"| {what} | {sign} {must:,} {unit} | {sign} {aim:,} {unit} | {shown} | {standing} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--created", type=int, default=4_000, help="keys that are created in each round, on each node")
    parser.add_argument("--out", type=Path, help="where the report is written, in Markdown")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), given.keys, given.rounds, given.created)
    text = written(figures, given.keys)
    print(f"\n{text}")
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text)


if __name__ == "__main__":
    main()
