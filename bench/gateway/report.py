"""What a run comes to: medians with their spread, ratios to nginx, and where each bar stands."""

import datetime
import math
import statistics

import load
import machine
from peers import PEERS

BASE, OURS = "nginx", "Tollgate"

# What each bar is about: a column, whose figure ours is divided by, what it must be at most, and what it is to be.
BARS = [
    ("CPU per proxied request", "cpu 200", "nginx", 0.95, 0.65),
    ("CPU per proxied request", "cpu 200", "HAProxy", 0.85, 0.55),
    ("CPU per proxied request", "cpu 200", "Envoy", 0.40, 0.25),
    ("CPU per 429", "cpu 429", "nginx", 0.95, 0.70),
    ("CPU per 403", "cpu 403", "nginx", 0.95, 0.70),
    ("p99 at half of nginx's maximum rate", "p99 half", "nginx", 1.0, 0.8),
]

CPU = {"cpu 200": "proxied µs", "cpu 429": "429 µs", "cpu 403": "403 µs", "rate 200": "r/s", "MiB": "MiB"}
LATENCY = {
    "p50 fixed": "p50 µs",
    "p99 fixed": "p99 µs",
    "p99 of quarters fixed": "p99 µs, quarters",
    "p50 half": "p50 µs, half",
    "p99 half": "p99 µs, half",
    "p99 of quarters half": "p99 µs, half, quarters",
}


def spread(values, digits):
    """A median, with the smallest and the largest."""
    if not values:
        return "–"
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def column(figures, name):
    return [figure[name] for figure in figures if name in figure]


def ratios(rounds, name, ours, base):
    """One peer's figure divided by another's, of the same round."""
    pairs = zip(rounds.get(ours, []), rounds.get(base, []), strict=False)
    return [one[name] / other[name] for one, other in pairs if name in one and name in other]


def absolute(rounds, columns):
    lines = ["| peer | " + " | ".join(columns.values()) + " |", "|---" * (len(columns) + 1) + "|"]
    for peer, figures in rounds.items():
        cells = [spread(column(figures, name), 1 if name.startswith("cpu") else 0) for name in columns]
        lines.append(f"| {peer} | " + " | ".join(cells) + " |")
    return lines


def relative(rounds):
    names = ["cpu 200", "cpu 429", "cpu 403", "rate 200", "p99 fixed", "p99 half", "p99 of quarters half"]
    titles = ["CPU, proxied", "CPU, 429", "CPU, 403", "r/s", "p99", "p99, half", "p99, half, quarters"]
    lines = [f"| peer ÷ {BASE} | " + " | ".join(titles) + " |", "|---" * (len(names) + 1) + "|"]
    for peer in rounds:
        cells = [spread(ratios(rounds, name, peer, BASE), 2) for name in names]
        lines.append(f"| {peer} | " + " | ".join(cells) + " |")
    return lines


def bars(rounds):
    lines = ["| measure, Tollgate ÷ | must | aim | measured | |", "|---|---|---|---|---|"]
    for what, name, base, must, aim in BARS:
        measured = ratios(rounds, name, OURS, base)
        compared = sum(name in figures for figures in rounds.get(base, []))
        if OURS in rounds and compared:
            # A round in which only ours is more than it can take is worse than any.
            middle = statistics.median(measured + [math.inf] * (compared - len(measured)))
            standing = "aim met" if middle <= aim else "met" if middle <= must else "**missed**"
            if len(measured) < compared:
                standing += f"; ours only in {len(measured)} of {compared} rounds"
            lines.append(f"| {what} ÷ {base} | ≤ {must:.2f} | ≤ {aim:.2f} | {spread(measured, 2)} | {standing} |")
    return lines


def written(rounds, given, is_first, alone, half):
    """The report, in Markdown."""
    versions = ", ".join(f"{name} {PEERS[name].version()}" for name in rounds)
    lines = [
        f"{datetime.date.today()}: {machine.described()}.",
        f"{versions}.",
        f"{given.rounds} rounds, in each of which a path, or a rate, has {given.turns} turns of {given.seconds} s; "
        f"{load.CONNECTIONS} connections. Each cell is a median, with the smallest and the largest of the rounds; a ratio is "
        "the median of the rounds' own ratios; those of nginx again are noise.",
        "",
        "CPU time is that of the whole process tree, per answered request under all the load that it takes. Who has no turn is "
        f"stopped. Peers and load are started with {'nice -20' if is_first else 'the usual priority'}.",
        f"Latencies are at {given.rate:,} r/s, and at half of nginx's maximum, {half:,.0f} r/s; – is more than a peer can "
        "take. p99 is that of all calls of a round; of quarters, the median of those of quarters of a second. Upstream and load "
        f"by themselves make {alone:,.0f} r/s.",
        "",
        *bars(rounds),
        "",
        *relative(rounds),
        "",
        *absolute(rounds, CPU),
        "",
        *absolute(rounds, LATENCY),
    ]
    return "\n".join(lines) + "\n"
