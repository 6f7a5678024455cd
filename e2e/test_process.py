"""The process: one for each data directory, clean to stop, honest about mistakes, silent about secrets."""

import json
import os
import signal
import socket
import stat
import subprocess
import threading

import pytest

from arrange import a_key, a_plan, an_api, usage
from callers import call, signed
from harness import BINARY, ROOT, SECRET_ACCESS_KEY, environment, poll


def run(*arguments, within=20, **settings):
    return subprocess.run(
        [str(BINARY), *map(str, arguments)], env=environment(**settings), timeout=within, capture_output=True, text=True
    )


def test_a_second_process_on_the_data_directory_is_refused_by_name(start):
    first = start()
    done = run("serve", "--data-dir", first.data_dir, "--gateway", "127.0.0.1:0", "--management", "127.0.0.1:0")
    assert done.returncode not in (0, 101)
    assert str(first.data_dir) in done.stderr and "panicked" not in done.stderr
    assert first.client().get_account()["features"] == ["UsagePlans"]


def test_the_data_directory_is_free_again_after_a_kill(start):
    first = start()
    first.kill()
    first.start()
    assert first.get_management("/healthz")[0] == 200


@pytest.mark.parametrize("listener", ["--gateway", "--management"])
def test_a_port_in_use_is_a_clear_message(tmp_path, listener):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:{}".format(taken.getsockname()[1])
        addresses = {"--gateway": "127.0.0.1:0", "--management": "127.0.0.1:0", listener: address}
        done = run("serve", "--data-dir", tmp_path / "data", *[word for pair in addresses.items() for word in pair])
    assert done.returncode not in (0, 101)
    assert address in done.stderr and "panicked" not in done.stderr


def test_sigterm_lets_the_call_in_flight_finish_and_exits_0(start, own_upstream):
    tollgate = start()
    client = tollgate.client()
    api = an_api(client, own_upstream)
    plan = a_plan(client, api, quota={"limit": 10, "period": "DAY"})
    key = a_key(client, plan)
    answers = []
    slow = threading.Thread(
        target=lambda: answers.append(call(tollgate.gateway, api.path("/slow"), key.value, headers={"x-mark": "slow"}))
    )
    slow.start()
    assert own_upstream.wait_for("slow", 1, within=10)
    tollgate.terminate()

    def refuses_connections():
        try:
            socket.create_connection(tollgate.gateway, timeout=1).close()
        except OSError:
            return True

    poll(refuses_connections, within=5, what="the end of listening")
    assert tollgate.alive(), "it left a call behind"
    own_upstream.gate.set()
    slow.join(10)
    assert [answer.status for answer in answers] == [200]
    assert tollgate.process.wait(10) == 0
    tollgate.start()
    assert usage(tollgate.client(), plan, key) == (1, 9)


def test_a_call_that_never_ends_holds_a_stop_only_so_long(start, own_upstream):
    tollgate = start(TOLLGATE_TIMEOUTS__DRAIN=500)
    api = an_api(tollgate.client(), own_upstream, key_required=False)
    with socket.create_connection(tollgate.gateway, timeout=10) as connection:
        connection.sendall(f"GET {api.path('/slow')} HTTP/1.1\r\nHost: x\r\nx-mark: held\r\n\r\n".encode())
        assert own_upstream.wait_for("held", 1, within=10)
        assert tollgate.stop(within=8) == 0


def test_an_idle_connection_does_not_hold_a_stop(start):
    tollgate = start()
    with socket.create_connection(tollgate.gateway), socket.create_connection(tollgate.management):
        assert tollgate.stop(within=8) == 0


def test_sigint_stops_it_as_cleanly(start):
    tollgate = start()
    tollgate.process.send_signal(signal.SIGINT)
    assert tollgate.process.wait(10) == 0


def test_root_credentials_are_made_once_kept_private_and_shown_once(start):
    tollgate = start(TOLLGATE_ROOT_ACCESS_KEY_ID=None, TOLLGATE_ROOT_SECRET_ACCESS_KEY=None)
    path = tollgate.data_dir / "root.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = json.loads(path.read_text())
    values = [value for value in kept.values() if isinstance(value, str)]
    identifier, secret = sorted(values, key=len)[-2:]
    assert tollgate.client(identifier, secret).get_account()["features"] == ["UsagePlans"]
    assert tollgate.log().count(secret) == 1
    assert tollgate.stop() == 0
    tollgate.start()
    assert tollgate.log().count(secret) == 1, "shown again at the second start"
    assert tollgate.client(identifier, secret).get_account()["features"] == ["UsagePlans"]
    assert signed(tollgate, "GET", "/account").error_type == "UnrecognizedClientException"


def readable_by_others(folder):
    """The files that others could open: a closed directory closes all below it."""
    if not stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return []
    return [path.name for path in folder.rglob("*") if stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_nothing_in_the_data_directory_is_readable_by_others(start, tmp_path):
    tollgate = start()
    a_key(tollgate.client())
    assert readable_by_others(tollgate.data_dir) == []
    assert stat.S_IMODE((tollgate.data_dir / "master.key").stat().st_mode) == 0o600


def test_nothing_in_a_data_directory_that_was_there_is_readable_by_others(start, tmp_path):
    tmp_path.chmod(0o755)
    tollgate = start(data_dir=tmp_path)
    a_key(tollgate.client())
    assert readable_by_others(tmp_path) == []


def test_no_secret_is_found_in_any_file_or_log(start, upstream):
    tollgate = start(TOLLGATE_LOG="trace")
    client = tollgate.client()
    api = an_api(client, upstream)
    plan = a_plan(client, api, quota={"limit": 10, "period": "DAY"})
    chosen = "chosen-value-0123456789-abcdefgh"
    imported = "imported-value-0123456789-abcdef"
    keys = [a_key(client, plan), a_key(client, plan, value=chosen)]
    client.import_api_keys(body=f"Name,Key\nimported,{imported}\n".encode(), format="csv")
    client.get_api_keys(includeValues=True)
    wrong = "wrong-value-0123456789-abcdefghi"
    for value in (keys[0].value, chosen, imported, wrong):
        call(tollgate.gateway, api.path(), value)
    signed(tollgate, "POST", "/apikeys", {"value": chosen})
    secrets = [keys[0].value, chosen, imported, wrong, SECRET_ACCESS_KEY]

    def found():
        files = [*tollgate.data_dir.rglob("*"), tollgate.log_file]
        return [
            (str(path), secret)
            for path in files
            if path.is_file()
            for secret in secrets
            if secret.encode() in path.read_bytes()
        ]

    assert len(list(tollgate.data_dir.rglob("*"))) >= 1 and tollgate.log()
    assert found() == []
    assert tollgate.stop() == 0
    assert found() == []


def test_check_config_tells_all_mistakes_at_once_and_starts_nothing(tmp_path):
    config = tmp_path / "tollgate.toml"
    config.write_text(
        'gateway = "nonsense"\nno_such_setting = 1\n[timeouts]\ndrain = "soon"\n'
        '[limits]\nplan_throttle_scope = "galaxy"\n'
    )
    done = run("check-config", "--config", config, TOLLGATE_DATA_DIR=tmp_path / "data", TOLLGATE_MASTER_KEY="short")
    said = done.stdout + done.stderr
    assert done.returncode not in (0, 101), said
    for mistake in ("gateway", "no_such_setting", "drain", "plan_throttle_scope", "master_key"):
        assert mistake in said, (mistake, said)
    assert not (tmp_path / "data").exists()


def test_check_config_is_content_with_the_manual(tmp_path):
    done = run("check-config", "--config", ROOT / "tollgate.default.toml", TOLLGATE_DATA_DIR=tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "data").exists()


def test_serve_does_not_start_on_a_bad_setting(tmp_path):
    done = run("serve", "--data-dir", tmp_path / "data", TOLLGATE_LIMITS__MAX_CONNECTIONS="many")
    assert done.returncode not in (0, 101) and "max_connections" in (done.stderr + done.stdout).lower()


def test_health_and_readiness_need_no_signature(tollgate):
    for path in ("/healthz", "/readyz"):
        assert tollgate.get_management(path)[0] == 200
    assert call(tollgate.gateway, "/healthz").status == 403, "the gateway serves APIs alone"


def test_the_data_directory_is_made_with_its_parents_or_refused_clearly(start, tmp_path):
    assert start(data_dir=tmp_path / "a" / "b").get_management("/healthz")[0] == 200
    file = tmp_path / "file"
    file.write_text("")
    done = run("serve", "--data-dir", file, "--gateway", "127.0.0.1:0", "--management", "127.0.0.1:0")
    assert done.returncode not in (0, 101) and str(file) in done.stderr


def test_another_master_key_is_refused_rather_than_losing_the_keys(start):
    tollgate = start(TOLLGATE_MASTER_KEY="11" * 32)
    a_key(tollgate.client())
    assert tollgate.stop() == 0
    try:
        done = run(
            "serve",
            "--data-dir",
            tollgate.data_dir,
            "--gateway",
            "127.0.0.1:0",
            "--management",
            "127.0.0.1:0",
            within=5,
            TOLLGATE_MASTER_KEY="22" * 32,
        )
    except subprocess.TimeoutExpired:
        pytest.fail("it serves with a master key that opens none of its keys, and so forbids every caller")
    assert done.returncode not in (0, 101) and "master" in done.stderr.lower()


def test_standard_output_has_the_addresses_and_nothing_else(tmp_path):
    process = subprocess.Popen(
        [
            str(BINARY),
            "serve",
            "--data-dir",
            str(tmp_path / "data"),
            "--gateway",
            "127.0.0.1:0",
            "--management",
            "127.0.0.1:0",
            "--print-addresses",
        ],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert set(json.loads(process.stdout.readline())) == {"gateway", "management"}
        os.kill(process.pid, signal.SIGTERM)
        rest, _ = process.communicate(timeout=15)
        assert (rest, process.returncode) == ("", 0)
    finally:
        process.kill()
        process.wait()
