"""CreateApiKey from several clients at once, by `bench/load`, which signs its calls before the clock starts."""

import json
import os
import subprocess
import time
from pathlib import Path

from harness import ACCESS_KEY_ID, REGION, ROOT, SECRET_ACCESS_KEY

CREATE_KEYS = os.environ.get("BENCH_CREATE_KEYS", str(ROOT / "target" / "load" / "release" / "create_keys"))
CLIENTS = 8
SYNCS = 200


def create_keys(node, keys, name):
    """Creates keys through a node's management API. Returns the counts, with microseconds for times."""
    host, port = node.management
    command = [CREATE_KEYS, "--to", f"{host}:{port}", "--region", REGION, "--name", name]
    command += ["--access-key-id", ACCESS_KEY_ID, "--secret-access-key", SECRET_ACCESS_KEY]
    command += ["--clients", str(CLIENTS), "--keys", str(keys // CLIENTS)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    return json.loads(run.stdout)


def syncs_a_second(folder):
    """What the disk makes of a short write and a sync, one after the other: what a durable write can't go below."""
    path = Path(folder) / "synced"
    with path.open("wb", buffering=0) as file:
        began = time.monotonic()
        for _ in range(SYNCS):
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
        seconds = time.monotonic() - began
    path.unlink()
    return SYNCS / seconds
