"""Load that means harm: unknown keys, churn, oversized heads, readers that do not read. Memory stays bounded, and
somebody who behaves is served all the while.

`HOSTILE_SCALE` multiplies the amounts: 1 here, 50 for a million unknown keys (`make hostile`). How long the one who
behaves had to wait is printed, and stands in bench/README.md; a busy machine may not fail a test.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from arrange import Api, a_key, a_plan, an_api
from callers import Connection, crowd, raw, statuses

SCALE = int(os.environ.get("HOSTILE_SCALE", 1))
UNKNOWN_KEYS, CONNECTIONS, HEADS, SLOW_READERS = 20_000 * SCALE, 1_000 * SCALE, 100 * SCALE, 48
PROCESSES = 2

CALM = 3 if SCALE == 1 else 10
"""Seconds before an assault in which the one who behaves calls as well: of a few dozen calls the slowest would be taken for
what 99 of 100 take at most, and no assault look worse."""

GROWTH = 24 << 20
"""Bytes that the process may grow by under each assault, whatever its scale: buffers of connections, an allocator's
reserve, and nothing for each key or connection that came by."""


class Bystander:
    """A process of its own that calls a hundred times a second, with a key of its own, and keeps the time."""

    def __init__(self, address, path, key):
        command = [sys.executable, __file__, "bystander", *map(str, address), path, key.value, "0"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "calling\n"

    def end(self):
        """How many answers there were, which were wrong, and the milliseconds that 99 of 100 took at most."""
        said, _ = self.process.communicate(timeout=60)
        return json.loads(said)


class Scene:
    """An API with an upstream for the assaults, and beside it a method that answers by itself for the bystander."""

    def __init__(self, tollgate, upstream):
        self.tollgate, client = tollgate, tollgate.client()
        self.api = an_api(client, upstream)
        mock = a_mock(client)
        plan = a_plan(client, self.api, mock, quota={"limit": 10_000_000, "period": "MONTH"})
        self.key, self.other = a_key(client, plan), a_key(client, plan)
        self.quiet_path = mock.path("")
        calm = self.bystander()
        time.sleep(CALM)
        self.calm = calm.end()["p99"]

    def bystander(self):
        return Bystander(self.tollgate.gateway, self.quiet_path, self.key)

    def survives(self, name, assault):
        """Runs an assault beside somebody who behaves; what the process grew by is bounded."""
        before, pid = self.tollgate.memory(), self.tollgate.process.pid
        bystander, began = self.bystander(), time.monotonic()
        said = assault()
        took, behaved = time.monotonic() - began, bystander.end()
        grown = self.tollgate.memory("VmHWM") - before
        print(
            f"{name}: {said} in {took:.1f} s; grown by {max(0, grown) >> 10} KiB; the bystander's p99 is "
            f"{behaved['p99']:.1f} ms, {self.calm:.1f} ms before"
        )
        assert self.tollgate.alive() and self.tollgate.process.pid == pid
        assert behaved["answers"] and not behaved["wrong"], behaved
        assert grown < GROWTH, f"{name}: {grown >> 20} MiB more than before"
        assert "panicked" not in self.tollgate.log()


def a_mock(client):
    """A deployed API whose root answers by itself."""
    api = client.create_rest_api(name="bystander")
    method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**method, authorizationType="NONE", apiKeyRequired=True)
    client.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    client.put_method_response(**method, statusCode="200")
    client.put_integration_response(**method, statusCode="200")
    client.create_deployment(restApiId=api["id"], stageName="dev")
    return Api(api["id"], "dev", api["rootResourceId"], "")


@pytest.fixture
def scene(start, upstream):
    """A Tollgate of its own for each assault, since what is measured is the most that a process ever had."""
    return Scene(start(), upstream)


def spawn(what, scene, amount):
    """Runs `python test_hostile_load.py what ...` in several processes at once; the sum of what they say."""
    host, port = scene.tollgate.gateway
    share = amount // PROCESSES
    running = [
        subprocess.Popen(
            [sys.executable, __file__, what, host, str(port), scene.api.path(), str(share), str(number)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    return sum(json.loads(process.communicate(timeout=1800)[0]) for process in running)


def test_unknown_keys_leave_nothing_behind(scene):
    def assault():
        refused = spawn("unknown-keys", scene, UNKNOWN_KEYS)
        assert refused == UNKNOWN_KEYS
        return f"{refused} distinct unknown keys refused"

    scene.survives("unknown keys", assault)


def test_connections_that_come_and_go_leave_nothing_behind(scene):
    def assault():
        served = spawn("churn", scene, CONNECTIONS)
        waited = sum(turn % 3 > 0 for turn in range(CONNECTIONS // PROCESSES)) * PROCESSES
        assert waited * 0.99 <= served <= waited, "connections were not served"
        return f"{CONNECTIONS} connections for one call each, {CONNECTIONS - waited} of them dropped"

    scene.survives("churn", assault)


def test_oversized_heads_are_cut_off(scene):
    head = b"GET %s HTTP/1.1\r\nHost: x\r\n" % scene.api.path().encode()
    many = head + b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(2000)) + b"\r\n"
    endless = head + b"X-Long: " + b"y" * (4 << 20)

    def one(number):
        return statuses(raw(scene.tollgate.gateway, (many, endless)[number % 2], within=20))

    def assault():
        answers = [answer for _ in range(HEADS // 20) for answer in crowd(20, one)]
        assert all(answer in ([431], []) for answer in answers), answers
        assert [431] in answers
        return f"{len(answers)} heads of 2 to 4 MB"

    scene.survives("oversized heads", assault)


def test_readers_that_do_not_read_hold_no_memory(scene):
    size = 64 << 20

    def assault():
        path = scene.api.path(f"/bytes/{size}")
        sockets = []
        for _ in range(SLOW_READERS):
            connection = socket.create_connection(scene.tollgate.gateway, timeout=10)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {scene.other.value}\r\n\r\n".encode())
            sockets.append(connection)
        # Each gets the first of its answer, so that all are under way; then they read nothing for a while.
        for connection in sockets:
            assert connection.recv(1024).startswith(b"HTTP/1.1 200")
        time.sleep(3)
        for connection in sockets:
            connection.close()
        return f"{SLOW_READERS} answers of {size >> 20} MB that nobody reads"

    scene.survives("slow readers", assault)


# What the processes do.


def unknown_keys(host, port, path, amount, number):
    """Distinct keys that nobody has, sixty-four calls at a time on one connection."""
    refused, amount = 0, int(amount)
    with socket.create_connection((host, port)) as connection:
        for start in range(0, amount, 64):
            names = range(start, min(start + 64, amount))
            ask = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: unknown-{number}-%d\r\n\r\n"
            connection.sendall("".join(ask % name for name in names).encode())
            said = b""
            while said.count(b'{"message":"Forbidden"}') < len(names):
                piece = connection.recv(65536)
                if not piece:
                    raise SystemExit("the connection was closed")
                said += piece
            refused += said.count(b"HTTP/1.1 403 ")
    return refused


def churn(host, port, path, amount, _number):
    """Connections for one call each; every third is dropped before its answer."""
    served = 0
    for turn in range(int(amount)):
        with suppress(OSError), socket.create_connection((host, port), timeout=20) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            served += turn % 3 > 0 and connection.recv(4096).startswith(b"HTTP/1.1 403")
    return served


def bystander(host, port, path, key, _number):
    """Calls until standard input ends."""
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    connection, waits, wrong = Connection((host, port), timeout=20), [], []
    print("calling", flush=True)
    while not stop.wait(0.01):
        began = time.monotonic()
        answer = connection.call(path, key)
        waits.append(time.monotonic() - began)
        if answer.status != 200:
            wrong.append(answer.status)
    return json.dumps({"answers": len(waits), "wrong": wrong, "p99": sorted(waits)[int(len(waits) * 0.99)] * 1000})


if __name__ == "__main__":
    what, host, port, path, amount, number = sys.argv[1:]
    work = {"unknown-keys": unknown_keys, "churn": churn, "bystander": bystander}[what]
    print(work(host, int(port), path, amount, number))
