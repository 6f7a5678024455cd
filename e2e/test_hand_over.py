"""A process takes over from another: no call fails, no count is lost, and a successor that dies changes nothing."""

import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from arrange import a_key, a_plan, an_api, unique, usage, usage_becomes
from callers import call
from harness import environment, poll

CLIENTS = 16


class Load:
    """Calls from another process, until it is told to end."""

    def __init__(self, tollgate, api, key):
        arguments = [*tollgate.gateway, api.path(), key.value, CLIENTS]
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "load.py"), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "calling\n"

    def end(self):
        said, _ = self.process.communicate(timeout=60)
        return json.loads(said)


@contextmanager
def load(tollgate, api, key):
    calling = Load(tollgate, api, key)
    try:
        yield calling
    finally:
        if calling.process.poll() is None:
            calling.process.kill()
            calling.process.wait(10)


@pytest.fixture
def served(start, own_upstream):
    """A Tollgate, with a key that has a quota."""
    tollgate = start()
    client = tollgate.client()
    api = an_api(client, own_upstream)
    plan = a_plan(client, api, quota={"limit": 10**9, "period": "DAY"})
    return tollgate, api, plan, a_key(client, plan)


def test_three_hand_overs_under_load_fail_no_call_and_lose_no_count(served, own_upstream, one_day):
    tollgate, api, plan, key = served
    before = [tollgate.gateway, tollgate.management]
    with load(tollgate, api, key) as calling:
        for _ in range(3):
            calls = own_upstream.seen()
            poll(lambda: own_upstream.seen() >= calls + 200, within=30, what="calls through the serving process")
            assert tollgate.take_over().wait(20) == 0
            assert [tollgate.gateway, tollgate.management] == before
        calls = own_upstream.seen()
        poll(lambda: own_upstream.seen() >= calls + 200, within=30, what="calls through the last process")
        said = calling.end()
    print(said)
    admitted = own_upstream.seen()
    assert said["failures"] == []
    assert said["answers"] == {"200": admitted}
    usage_becomes(tollgate.client(), plan, key, (admitted, 10**9 - admitted))
    assert tollgate.stop() == 0


def test_a_call_in_flight_is_answered_by_the_old_process_while_the_new_one_serves(served, own_upstream, one_day):
    tollgate, api, plan, key = served
    answers, mark = [], unique()
    headers = {"x-mark": mark}
    slow = threading.Thread(
        target=lambda: answers.append(call(tollgate.gateway, api.path("/slow"), key.value, headers=headers))
    )
    slow.start()
    assert own_upstream.wait_for(mark, 1)
    old = tollgate.take_over()
    assert call(tollgate.gateway, api.path(), key.value).status == 200
    assert old.poll() is None and answers == []
    own_upstream.gate.set()
    slow.join(10)
    assert [answer.status for answer in answers] == [200]
    assert old.wait(10) == 0
    usage_becomes(tollgate.client(), plan, key, (2, 10**9 - 2))


def successor_that_dies(tollgate, after):
    """Asks for the sockets, says what the script says, and is gone."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(20)
        asking.connect(str(tollgate.data_dir / "hand-over.sock"))
        message = b""
        while message != b".":
            message, sockets, _, _ = socket.recv_fds(asking, 1, 253)
            for number in sockets:
                os.close(number)
        for said, expected in after:
            asking.sendall(said)
            assert asking.recv(1) == expected


@pytest.mark.parametrize("after", [[], [(b"r", b"f")]], ids=["before it is ready", "before it serves"])
def test_a_successor_that_dies_leaves_the_old_process_serving(served, after, one_day):
    tollgate, api, plan, key = served
    with load(tollgate, api, key) as calling:
        successor_that_dies(tollgate, after)
        poll(lambda: tollgate.get_management("/readyz")[0] == 200, within=20, what="readiness")
        usage_of_now = usage(tollgate.client(), plan, key)[0]
        poll(lambda: usage(tollgate.client(), plan, key)[0] > usage_of_now, within=20, what="more calls")
        said = calling.end()
    assert said["failures"] == [] and set(said["answers"]) == {"200"}
    used = said["answers"]["200"]
    usage_becomes(tollgate.client(), plan, key, (used, 10**9 - used))
    assert tollgate.take_over().wait(20) == 0, "it can be asked again"


def test_a_successor_with_broken_settings_leaves_the_old_process_serving(served):
    tollgate, api, _, key = served
    certificates = '[{ chain = "/no/such.crt", key = "/no/such.key" }]'
    settings = {"TOLLGATE_GATEWAY_TLS": "127.0.0.1:0", "TOLLGATE_TLS__CERTIFICATES": certificates}
    broken = subprocess.run(
        tollgate.command("--take-over"), env=environment(**settings), capture_output=True, text=True, timeout=60
    )
    assert broken.returncode not in (0, 101) and "/no/such.crt" in broken.stderr, broken.stderr
    assert call(tollgate.gateway, api.path(), key.value).status == 200
    assert tollgate.get_management("/readyz")[0] == 200


def test_taking_over_from_nobody_is_a_start(served):
    tollgate, api, _, key = served
    assert tollgate.stop() == 0
    tollgate.start("--take-over")
    assert call(tollgate.gateway, api.path(), key.value).status == 200


def test_a_successor_with_more_threads_serves_too(served):
    tollgate, api, _, key = served
    for threads in (5, 1):
        tollgate.settings["TOLLGATE_GATEWAY_THREADS__COUNT"] = threads
        assert tollgate.take_over().wait(20) == 0
        assert {call(tollgate.gateway, api.path(), key.value).status for _ in range(40)} == {200}
