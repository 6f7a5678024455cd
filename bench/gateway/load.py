"""Load: as much as goes through, or at a fixed rate, by the programs of `bench/load`."""

import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import keys
from machine import LOAD_CORE

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(os.environ.get("BENCH_LOAD", ROOT / "target" / "load" / "release"))
CONNECTIONS = 48


def counts(command, seconds, read=""):
    """Runs a generator on the second core, and reads what it counted from its last line."""
    command = ["taskset", "-c", LOAD_CORE, *map(str, command)]
    run = subprocess.run(command, input=read, capture_output=True, text=True, timeout=seconds + 60, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {run.returncode}: {run.stderr.strip()}")
    return json.loads(run.stdout.strip().splitlines()[-1])


def saturate(peer, key, seconds, seed):
    """Calls as fast as the gateway answers: with one key, or with the free ones, all alike ("free") or by Zipf's law
    ("zipf"). Returns the counts, with microseconds for times."""
    many = key in ("free", "zipf")
    command = [PROGRAMS / "flood", *addressed(peer), "--seconds", seconds]
    command += ["--pick", "zipf" if key == "zipf" else "uniform", "--seed", seed]
    return counts(command, seconds, "\n".join(keys.FREE if many else [key]))


def steady(peer, file, rate, seconds):
    """Calls at a fixed rate, with the keys of a file in turns. Returns the counts; the calls of each quarter of a second
    are counted by the microseconds they took."""
    command = [PROGRAMS / "steady", *addressed(peer), "--seconds", seconds, "--keys", file, "--rate", int(rate)]
    counted = counts(command, seconds)
    return counted | {"windows": [Counter(dict(window)) for window in counted["windows"]]}


def quantile(counted, share):
    """The microseconds that this share of calls did not exceed."""
    wanted = share * counted.total()
    for micros in sorted(counted):
        wanted -= counted[micros]
        if wanted <= 0:
            return micros
    raise ValueError("no calls")


def addressed(peer):
    """Options of both programs: what is called, and over how many connections."""
    to = f"127.0.0.1:{peer.port}"
    return ["--to", to, "--host", peer.host, "--path", peer.path, "--connections", CONNECTIONS]
