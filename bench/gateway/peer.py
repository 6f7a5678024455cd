"""A gateway that is measured: a process on the first core, with a configuration made from a template."""

import os
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from string import Template

import keys
from machine import GATEWAY_CORE, family, on_core

TEMPLATES = Path(__file__).parent / "templates"
PATIENCE = 10  # seconds


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port, process):
    """Waits until something listens."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"nothing listens on port {port} after {PATIENCE} s")


def fill(template, folder, **values):
    """Writes a template, filled, into a folder; returns the file."""
    path = folder / template
    path.write_text(Template((TEMPLATES / template).read_text()).substitute(folder=folder, **values))
    return path


class Peer:
    """A gateway that runs. `host` and `path` are what calls are addressed to; `statuses` are those it answers each of the
    benchmark's paths with, by the path's name."""

    host, path = "bench.example", "/pets"
    statuses = {"200": "200", "429": "429", "403": "403"}

    def __init__(self, folder, upstream):
        self.folder, self.upstream, self.port = folder, upstream, free_port()
        self.prepare()
        with (folder / "log").open("wb") as log:
            self.process = on_core(GATEWAY_CORE, self.command(), stdout=log, stderr=log, env=self.environment())
        try:
            wait_for(self.port, self.process)
        except RuntimeError:
            self.stop()
            raise

    def prepare(self):
        """Writes the configuration."""

    def environment(self):
        """What it needs beside what this process has; `None` is nothing."""
        return None

    def fill(self, template, **values):
        return fill(template, self.folder, port=self.port, upstream=self.upstream, slow=keys.SLOW, **values)

    def signal(self, number):
        """To the process and its children."""
        for member in family(self.pid):
            with suppress(ProcessLookupError):
                os.kill(member, number)

    def pause(self):
        """Has it do nothing, so that the core is others'."""
        self.signal(signal.SIGSTOP)

    @contextmanager
    def turn(self):
        """Its time to run, after which it pauses."""
        self.signal(signal.SIGCONT)
        try:
            yield
        finally:
            self.pause()

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)

    @property
    def pid(self):
        return self.process.pid

    @staticmethod
    def version():
        """The version, as the program tells it."""
        raise NotImplementedError


def told(command, pattern):
    """What a program tells of its version, as a pattern finds it in its output."""
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(pattern, run.stdout + run.stderr)
    return found.group(1) if found else "?"
