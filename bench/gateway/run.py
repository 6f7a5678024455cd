"""Measures Tollgate beside what a user would pick instead, interleaved, and writes a table.

The gateway has one worker on the first core; the load and the upstream have the second. CPU time per request, of the
whole process tree, is the figure to trust: it does not depend on how fast the second core is.
"""

import argparse
import statistics
import subprocess
import tempfile
from pathlib import Path

import keys
import load
from machine import cpu_nanos, resident_mib
from peers import PEERS, Upstream

PATHS = {"200": "free", "429": keys.SLOW, "403": keys.UNKNOWN}


def measure(peer, path, seconds, seed):
    """CPU microseconds per answered request, and requests per second."""
    before = cpu_nanos(peer.pid)
    counts = load.saturate(peer.port, peer.host, peer.path, PATHS[path], seconds, seed)
    spent = cpu_nanos(peer.pid) - before
    check(peer, path, counts)
    return spent / 1000 / counts["requests"], counts["requests"] / (counts["micros"] / 1e6)


def check(peer, path, counts):
    """A figure counts only if nearly all calls were answered as the path says."""
    refused = counts["refused"] / max(1, counts["requests"])
    wanted = 0.0 if path == "200" else 1.0
    if abs(refused - wanted) > 0.02 or counts["failed"] > 0:
        raise RuntimeError(f"{peer.name} on the {path} path: {counts}")


def run_round(name, folder, upstream, seconds, seed, rate):
    """Starts a peer, measures all its paths, and ends it."""
    folder = folder / f"{name.replace(' ', '')}-{seed}"
    folder.mkdir()
    peer = PEERS[name](folder, upstream.port)
    try:
        load.saturate(peer.port, peer.host, peer.path, "free", 1, seed)
        figures = {}
        for path in PATHS:
            figures[f"cpu {path}"], figures[f"rate {path}"] = measure(peer, path, seconds, seed)
        figures["p50"], figures["p99"] = load.steady(peer.port, peer.host, peer.path, keys.FREE[0], rate, seconds)
        figures["MiB"] = resident_mib(peer.pid)
        return figures
    finally:
        peer.stop()


COLUMNS = ["cpu 200", "cpu 429", "cpu 403", "rate 200", "p50", "p99", "MiB"]


def table(rounds, baseline):
    """Medians, with the median of the per-round ratios to the baseline where there is one."""
    head = "| peer | CPU µs a request | ÷ {0} | 429 µs | ÷ {0} | 403 µs | ÷ {0} | r/s | p50 µs | p99 µs | ÷ {0} | MiB |"
    lines = [head.format(baseline), "|" + "---|" * 12]
    for name, figures in rounds.items():
        cells = {column: [figure[column] for figure in figures if column in figure] for column in COLUMNS}

        def median(column, cells=cells):
            return statistics.median(cells[column]) if cells[column] else None

        def ratio(column, figures=figures):
            pairs = [
                figure[column] / base[column]
                for figure, base in zip(figures, rounds.get(baseline, []), strict=False)
                if column in figure
            ]
            if not pairs:
                return "–"
            return f"{statistics.median(pairs):.2f} ({min(pairs):.2f}–{max(pairs):.2f})"

        def show(value, digits=1):
            return "–" if value is None else f"{value:,.{digits}f}"

        row = [
            name,
            show(median("cpu 200")), ratio("cpu 200"),
            show(median("cpu 429")), ratio("cpu 429"),
            show(median("cpu 403")), ratio("cpu 403"),
            show(median("rate 200"), 0),
            show(median("p50"), 0), show(median("p99"), 0), ratio("p99"),
            show(median("MiB"), 0),
        ]  # fmt: skip
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default=",".join(PEERS), help="which to measure, with commas between")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=3, help="how long each path of each round is loaded")
    parser.add_argument("--rate", type=int, default=5000, help="calls a second for the latencies")
    parser.add_argument("--out", type=Path, help="where the table is written")
    return parser.parse_args()


def main():
    given = arguments()
    names = given.peers.split(",")
    rounds = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        upstream = Upstream(folder)
        try:
            for seed in range(given.rounds):
                for name in names:
                    figures = run_round(name, folder, upstream, given.seconds, seed, given.rate)
                    rounds[name].append(figures)
                    print(f"round {seed + 1} {name}: " + ", ".join(f"{k} {v:,.1f}" for k, v in figures.items()), flush=True)
        finally:
            upstream.stop()
    text = table(rounds, "nginx" if "nginx" in names else names[0])
    kernel = subprocess.run(["uname", "-sr"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"\n{kernel}, {given.rounds} rounds of {given.seconds} s, {load.CONNECTIONS} connections\n\n{text}")
    if given.out:
        given.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
