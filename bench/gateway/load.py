"""Load: as much as goes through, by wrk, or at a fixed rate, by `bench/load`."""

import json
import os
import subprocess
from pathlib import Path

from machine import LOAD_CORE

ROOT = Path(__file__).resolve().parents[2]
LUA = Path(__file__).parent / "calls.lua"
STEADY = os.environ.get("BENCH_STEADY", str(ROOT / "target" / "load" / "release" / "steady"))
CONNECTIONS = 48


def counts(command, seconds):
    """Runs a generator on the second core, and reads what it counted from its last line."""
    command = ["taskset", "-c", LOAD_CORE, *map(str, command)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True)
    return json.loads(run.stdout.strip().splitlines()[-1])


def saturate(peer, key, seconds, seed):
    """Calls as fast as the gateway answers. Returns wrk's counts, with microseconds for times."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", LUA]
    command += [f"http://127.0.0.1:{peer.port}{peer.path}", "--", peer.path, peer.host, key, seed]
    return counts(command, seconds)


def steady(peer, keys, rate, seconds):
    """Calls at a fixed rate, with the keys of a file in turns. Returns the counts, with microseconds for times."""
    command = [STEADY, "--to", f"127.0.0.1:{peer.port}", "--host", peer.host, "--path", peer.path, "--keys", keys]
    command += ["--rate", int(rate), "--seconds", seconds, "--connections", CONNECTIONS]
    return counts(command, seconds)
