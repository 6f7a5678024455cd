"""Runs the micro-benchmark of one decision, and says where its bars stand.

    python bench/decision/run.py [--out FILE]

`cargo bench -p tollgate-gateway` measures; this reads what it left in `target/criterion`. Where one thread decides, it
shares a core with the thread that refills leases and takes usage, as in `bench/gateway`: what that costs is in the
figure. On a core of its own that thread costs as well, by cache lines that go to and fro; how much, depends on the run.
"""

import argparse
import datetime
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "gateway"))

import machine

CASES = [
    "few keys",
    "many keys uniform",
    "many keys zipf",
    "many keys uniform all threads",
    "one hot key all threads",
]
# Those in which one thread decides, and the others, as criterion picks them.
ONE_THREAD, ALL_THREADS = "few keys|uniform$|zipf$", "all threads$"
NANOS, TIMES = " ns", "×"


def estimate(case):
    """The median of a case in nanoseconds, with its confidence interval of 95 %."""
    found = ROOT / "target" / "criterion" / "decision" / case / "new" / "estimates.json"
    median = json.loads(found.read_text())["median"]
    bounds = median["confidence_interval"]
    return median["point_estimate"], bounds["lower_bound"], bounds["upper_bound"]


def bars(of):
    """What each bar is about: what was measured, in which unit, what it must be at most, and what it is to be."""
    few, uniform, zipf, threads, hot = (of[case][0] for case in CASES)
    return [
        ("one decision, 1,000,000 keys, uniform", uniform, NANOS, 400, 150),
        ("one decision, 1,000,000 keys, Zipf", zipf, NANOS, 400, 150),
        ("all threads on one hot key ÷ uniform, all threads", hot / threads, TIMES, 3, 1.5),
        ("all threads on one hot key ÷ uniform, one thread", hot / uniform, TIMES, 3, 1.5),
        ("uniform with 1,000,000 keys ÷ with 1,000", uniform / few, TIMES, 1.5, 1.1),
    ]


def written(of):
    """The report, in Markdown."""
    lines = [
        f"{datetime.date.today()}: {machine.described()}.",
        "",
        "| measure | must | aim | measured | |",
        "|---|---|---|---|---|",
    ]
    for what, measured, unit, must, aim in bars(of):
        standing = "aim met" if measured <= aim else "met" if measured <= must else "**missed**"
        shown = f"{measured:,.0f}" if unit == NANOS else f"{measured:,.2f}"
        lines.append(f"| {what} | ≤ {must}{unit} | ≤ {aim}{unit} | {shown}{unit} | {standing} |")
    lines += ["", "| case | median ns | 95 % of medians within |", "|---|---|---|"]
    for case, (median, low, high) in of.items():
        lines.append(f"| {case} | {median:,.0f} | {low:,.0f}–{high:,.0f} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--read-only", action="store_true", help="report what was measured last")
    parser.add_argument("--out", type=Path, help="where the report is written, in Markdown")
    given = parser.parse_args()
    if not given.read_only:
        command = ["cargo", "bench", "-p", "tollgate-gateway", "--bench", "decision"]
        subprocess.run([*command, "--no-run"], cwd=ROOT, check=True)
        one_core = ["taskset", "-c", machine.GATEWAY_CORE]
        for core, cases in (one_core, ONE_THREAD), ([], ALL_THREADS):
            subprocess.run([*core, *command, "--", "--noplot", cases], cwd=ROOT, check=True)
    text = written({case: estimate(case) for case in CASES})
    print(f"\n{text}")
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text)


if __name__ == "__main__":
    main()
