"""Starts, stops and kills the Tollgate under test, and watches it from outside."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("TOLLGATE_BIN", ROOT / "target" / "debug" / "tollgate"))
if not BINARY.is_absolute():
    BINARY = ROOT / BINARY

TEST_CLOCK_BINARY = Path(os.environ.get("TOLLGATE_TEST_CLOCK_BIN", ROOT / "target" / "debug" / "tollgate-test-clock"))
"""A Tollgate whose time of day a test sets, by a file that TOLLGATE_TEST_CLOCK names."""

ACCESS_KEY_ID = "AKIAE2EROOTE2EROOT00"
SECRET_ACCESS_KEY = "e2e/root/secret/e2e/root/secret/e2e/root0"
REGION = "eu-central-1"


def poll(question, within, what="the condition"):
    """Asks until the answer is truthy and returns it; fails after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not hold within {within} s; last answer: {answer!r}")
        time.sleep(0.01)


def environment(**settings):
    """The environment of a Tollgate: nothing of the developer's, the given settings, no account-wide throttle."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    defaults = {
        "TOLLGATE_ROOT_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "TOLLGATE_ROOT_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "TOLLGATE_LIMITS__ACCOUNT_RATE_LIMIT": "1000000",
        "TOLLGATE_LIMITS__ACCOUNT_BURST_LIMIT": "1000000",
        "TOLLGATE_GATEWAY_THREADS__COUNT": "2",
        "RUST_BACKTRACE": "1",
    }
    given = {name: str(value) for name, value in settings.items() if value is not None}
    dropped = {name for name, value in settings.items() if value is None}
    return {name: value for name, value in {**kept, **defaults, **given}.items() if name not in dropped}


class Tollgate:
    """One process on one data directory; it can be stopped, killed and started again.

    With `log_through_pipe` it writes its log to no file, so that it has one where it may not write to files.
    """

    def __init__(self, data_dir, log_file, config=None, binary=BINARY, log_through_pipe=False, **settings):
        self.data_dir, self.log_file, self.settings = Path(data_dir), Path(log_file), settings
        self.config, self.binary, self.log_through_pipe = config, binary, log_through_pipe
        self.process = self.gateway = self.management = self.gateway_tls = self.management_tls = None
        self.start()

    def command(self, *more):
        return [
            str(self.binary),
            "serve",
            *more,
            "--data-dir",
            str(self.data_dir),
            "--gateway",
            "127.0.0.1:0",
            "--management",
            "127.0.0.1:0",
            "--print-addresses",
            *(["--config", str(self.config)] if self.config else []),
        ]

    def start(self, *more):
        with self.log_file.open("ab") as log:
            # Signals stay as Python has them: SIGXFSZ is ignored, so that a write beyond a limit just fails.
            self.process = subprocess.Popen(
                self.command(*more),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if self.log_through_pipe else log,
                env=environment(**self.settings),
                text=True,
                restore_signals=False,
            )
        if self.log_through_pipe:
            self._keep_log(self.process.stderr)
        addresses = json.loads(self._first_line(within=30))
        self.gateway, self.management = _address(addresses["gateway"]), _address(addresses["management"])
        self.gateway_tls, self.management_tls = map(_address, map(addresses.get, ("gateway_tls", "management_tls")))
        poll(lambda: self.get_management("/readyz")[0] == 200, within=30, what="readiness")

    def take_over(self):
        """Starts another process that takes over from this one, and returns the old one, which is to end by itself."""
        old = self.process
        try:
            self.start("--take-over")
        except BaseException:
            old.kill()
            old.wait(10)
            raise
        return old

    def _keep_log(self, stderr):
        """Writes standard error to the log's file, from here."""

        def pump():
            with stderr, self.log_file.open("a") as log:
                for line in stderr:
                    log.write(line)
                    log.flush()

        Thread(target=pump, daemon=True).start()

    def refuses_to_start(self, because, within=20):
        """Starts it where it cannot run; it ends by itself, and says why."""
        done = subprocess.run(
            self.command(), capture_output=True, env=environment(**self.settings), text=True, timeout=within
        )
        assert done.returncode == 1 and because in done.stderr, (done.returncode, done.stderr)
        return done.stderr

    def _first_line(self, within):
        """Reads standard output to its end on a thread of its own, so that the process never blocks on it."""
        lines = Queue()
        stdout = self.process.stdout

        def pump():
            with stdout:
                for line in stdout:
                    lines.put(line)
            lines.put("")

        Thread(target=pump, daemon=True).start()
        try:
            line = lines.get(timeout=within)
        except Empty:
            line = ""
        if not line:
            self.kill()
            raise AssertionError(f"tollgate printed no addresses; its log:\n{self.log()}")
        return line

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def stop(self, within=20):
        """Stops it cleanly and returns its exit code."""
        self.terminate()
        return self.process.wait(within)

    def kill(self):
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(10)

    def end(self):
        """Ends it whatever its state is."""
        if self.alive():
            try:
                self.stop(within=10)
            except subprocess.TimeoutExpired:
                self.kill()

    def get_management(self, path):
        """Asks the management listener without a signature: status and body."""
        host, port = self.management
        try:
            with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()
        except OSError:
            return None, b""

    @property
    def endpoint_url(self):
        return "http://{}:{}".format(*self.management)

    def client(self, access_key_id=ACCESS_KEY_ID, secret_access_key=SECRET_ACCESS_KEY, region=REGION):
        """A boto3 client that asks once: what it raises is what was answered."""
        return boto3.client(
            "apigateway",
            endpoint_url=self.endpoint_url,
            region_name=region,
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=120, max_pool_connections=64),
        )

    def memory(self, field="VmRSS"):
        """Bytes of memory: `VmRSS` is what is resident now, `VmHWM` the most it ever was."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE).group(1)) * 1024


def _address(text):
    if text is None:
        return None
    host, port = text.rsplit(":", 1)
    return host, int(port)
