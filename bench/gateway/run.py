"""Measures Tollgate beside what a user would pick instead, interleaved, and writes a table.

The gateway has one worker on the first core; the load and the upstream have the second. CPU time per request, of the
whole process tree, is the figure to trust: it does not depend on how fast the second core is.
"""

import argparse
import contextlib
import random
import signal
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path

import keys
import load
import report
from machine import cpu_nanos, preferred, resident_bytes
from peers import PEERS, Nginx, Upstream

# The key that each path is called with.
PATHS = {"200": "free", "429": keys.SLOW, "403": keys.UNKNOWN}
# How long a peer is called before each turn, as it is then measured: it has stood still, and has something to catch up
# on. Of the calls that pass, most of the keys have been among them by then, and have units: Tollgate takes units of
# quotas back that nobody spends for ten to twenty seconds.
WARM_SECONDS = 1
# The share of a load's calls, failed ones included, that has to be answered as the path says.
ANSWERED = 0.99
# Connections of a load that goes through which may hang or break.
MOST_FAILED = 1


def turns(peers, given, dice):
    """Each peer's turns, in an order that is thrown. The others stand still meanwhile, so that what one does by the way
    does not keep another from the core."""
    for _ in range(given.turns):
        for name in dice.sample(list(peers), len(peers)):
            yield name, peers[name]


def measure(peers, path, given, dice):
    """CPU microseconds per answered request of each peer, and requests per second: several short turns, summed, since what
    a machine does lasts for seconds."""
    spent, counted = Counter(), {name: Counter() for name in peers}
    for name, peer in turns(peers, given, dice):
        with peer.turn():
            load.saturate(peer, PATHS[path], WARM_SECONDS, dice.randrange(2**32))
            before = cpu_nanos(peer.pid)
            counts = load.saturate(peer, PATHS[path], given.seconds, dice.randrange(2**32))
            spent[name] += cpu_nanos(peer.pid) - before
        if not is_answered(counts, peer.statuses[path]) or counts["failed"] > MOST_FAILED:
            raise RuntimeError(f"{peer.name} on the {path} path: {counts}")
        counted[name].update(answered=counts["answered"], micros=counts["micros"])
    return {
        name: (spent[name] / 1000 / counts["answered"], counts["answered"] / (counts["micros"] / 1e6))
        for name, counts in counted.items()
    }


def is_answered(counts, status):
    """Whether a figure counts: nearly all calls were answered, and with this status."""
    fitting = counts["statuses"].get(status, 0)
    return fitting > 0 and fitting >= ANSWERED * (counts["answered"] + counts["failed"])


def latencies(peers, file, rate, given, dice):
    """Percentiles at a rate, in microseconds, of peers that can take it: of the calls of all turns together, and the median
    of the 99th percentiles of each quarter of a second."""
    windows, overloaded = {name: [] for name in peers}, set()
    for name, peer in turns(peers, given, dice):
        if name in overloaded:
            continue
        with peer.turn():
            load.saturate(peer, "free", WARM_SECONDS, dice.randrange(2**32))
            load.steady(peer, file, rate, 1)
            counts = load.steady(peer, file, rate, given.seconds)
        windows[name] += counts["windows"]
        if not is_answered(counts, "200"):
            overloaded.add(name)
    figures = {}
    for name in peers.keys() - overloaded:
        whole = sum(windows[name], Counter())
        quarters = statistics.median(load.quantile(window, 0.99) for window in windows[name])
        figures[name] = {"p50": load.quantile(whole, 0.5), "p99": load.quantile(whole, 0.99), "p99 of quarters": quarters}
    return figures


def run_round(names, folder, upstream, given, half, seed):
    """Starts all peers. They take turns on each path and at each rate, so that what the machine does meanwhile meets all
    of them alike. Returns the figures of each."""
    figures = {name: {} for name in names}
    with contextlib.ExitStack() as running:
        peers = {}
        for name in names:
            own = folder / f"{name.replace(' ', '')}-{seed}"
            own.mkdir()
            peers[name] = PEERS[name](own, upstream.port)
            running.callback(peers[name].stop)
            peers[name].pause()
        dice = random.Random(seed)
        for path in PATHS:
            served = {name: peer for name, peer in peers.items() if path in peer.statuses}
            for name, (cpu, rate) in measure(served, path, given, dice).items():
                figures[name] |= {f"cpu {path}": cpu, f"rate {path}": rate}
        for column, rate in {"fixed": given.rate, "half": half}.items():
            for name, micros in latencies(peers, folder / "keys", rate, given, dice).items():
                figures[name] |= {f"{named} {column}": value for named, value in micros.items()}
        for name, peer in peers.items():
            figures[name]["MiB"] = resident_bytes(peer.pid) / 2**20
    return figures


def calibrated(folder, upstream, given):
    """What the second core can do by itself, and half of what nginx can: requests a second."""
    own = folder / "calibration"
    own.mkdir()
    alone = statistics.median(load.saturate(upstream, "free", 1, seed)["answered"] for seed in range(3))
    nginx = Nginx(own, upstream.port)
    try:
        rate = measure({"nginx": nginx}, "200", given, random.Random(0))["nginx"][1]
    finally:
        nginx.stop()
    return alone, round(rate / 2, -2)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default=",".join(PEERS), help="which to measure, with commas between")
    parser.add_argument("--rounds", type=int, default=6, help="in each of them all peers are started anew")
    parser.add_argument("--turns", type=int, default=4, help="of each peer on each path and at each rate, in each round")
    parser.add_argument("--seconds", type=int, default=1, help="how long a turn lasts")
    parser.add_argument("--rate", type=int, default=5000, help="calls a second for the latencies at a fixed rate")
    parser.add_argument("--out", type=Path, help="where the report is written, in Markdown")
    return parser.parse_args()


def main():
    # Whoever is stopped would outlive a process that just ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    given = arguments()
    names = given.peers.split(",")
    rounds = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as temporary, preferred() as is_first:
        folder = Path(temporary)
        (folder / "keys").write_text("".join(f"{key}\n" for key in keys.FREE))
        upstream = Upstream(folder)
        try:
            alone, half = calibrated(folder, upstream, given)
            print(f"upstream and load alone: {alone:,.0f} r/s; half of nginx's maximum: {half:,.0f} r/s", flush=True)
            for seed in range(given.rounds):
                for name, figures in run_round(names, folder, upstream, given, half, seed).items():
                    rounds[name].append(figures)
                    told = ", ".join(f"{column} {value:,.1f}" for column, value in figures.items())
                    print(f"round {seed + 1} {name}: {told}", flush=True)
        finally:
            upstream.stop()
    text = report.written(rounds, given, is_first, alone, half)
    print(f"\n{text}")
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text)


if __name__ == "__main__":
    main()
