"""Load, by wrk: as much as goes through, or at a fixed rate by oha."""

import json
import subprocess
from pathlib import Path

from machine import LOAD_CORE

LUA = Path(__file__).parent / "calls.lua"
CONNECTIONS = 48


def saturate(port, host, path, key, seconds, seed):
    """Calls as fast as the gateway answers. Returns wrk's counts, with microseconds for times."""
    command = [
        "taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency",
        "-s", str(LUA), f"http://127.0.0.1:{port}{path}", "--", path, host, key, str(seed),
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    return json.loads(run.stdout.strip().splitlines()[-1])


def steady(port, host, path, key, rate, seconds):
    """Calls at a fixed rate with one key. Returns the median and the 99th percentile, in microseconds."""
    command = [
        "taskset", "-c", LOAD_CORE, "oha", "--no-tui", "--output-format", "json", "-c", str(CONNECTIONS),
        "-q", str(rate), "-z", f"{seconds}s", "--latency-correction", "--disable-compression",
        "-H", f"Host: {host}", "-H", f"x-api-key: {key}", f"http://127.0.0.1:{port}{path}",
    ]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    percentiles = json.loads(run.stdout)["latencyPercentiles"]
    return percentiles["p50"] * 1e6, percentiles["p99"] * 1e6
