"""Runs `tollgate import` and `tollgate export`, with what stands between them and a node, and other sources."""

import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import boto3
from botocore.config import Config

from harness import ACCESS_KEY_ID, BINARY, REGION, SECRET_ACCESS_KEY, environment, poll

VENV = Path(sys.executable).parent


def text(address):
    return "{}:{}".format(*address)


class Mover:
    """The command line against one Tollgate. It may be told another address of the node."""

    def __init__(self, tollgate, home, management=None):
        self.tollgate, self.home, self.management = tollgate, home, management or tollgate.management

    def run(self, *arguments, code=0, **variables):
        """Runs the binary; returns what it said on standard output and on standard error."""
        command = [BINARY, *arguments, "--data-dir", self.tollgate.data_dir, "--management", text(self.management)]
        surroundings = {
            **environment(TOLLGATE_REGION=REGION),
            "HOME": str(self.home),
            "PATH": os.pathsep.join([str(VENV), os.environ["PATH"]]),
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            **variables,
        }
        surroundings = {name: value for name, value in surroundings.items() if value is not None}
        done = subprocess.run(
            list(map(str, command)), env=surroundings, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout, done.stderr

    def bring(self, endpoint_url, *arguments, **more):
        """Imports from an endpoint; returns the lines of standard output, and standard error."""
        said, why = self.run("import", "aws", "--endpoint-url", endpoint_url, *arguments, **more)
        return said.splitlines(), why

    def aws(self, script, folder, **variables):
        """Runs a script of AWS CLI commands against the node."""
        surroundings = {
            "PATH": os.pathsep.join([str(VENV), os.environ["PATH"]]),
            "HOME": str(self.home),
            "AWS_ENDPOINT_URL": self.tollgate.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_DEFAULT_REGION": REGION,
            **variables,
        }
        done = subprocess.run(
            ["bash", str(script)], cwd=folder, env=surroundings, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout


@contextmanager
def breaks_after(address, changes):
    """Something before a node that lets through so many requests of an import that change something, and then nothing.

    Gives its address. An import sends each request over a connection of its own.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    left = [changes]

    def serve():
        while True:
            try:
                caller = listener.accept()[0]
            except OSError:
                return
            head = caller.recv(65536)
            line = head.split(b"\r\n")[0]
            changing = line.startswith(b"PUT /tollgate/v1/import") and b"dryRun=true" not in line
            if changing:
                left[0] -= 1
            if left[0] < 0:
                caller.close()
                continue
            node = socket.create_connection(address)
            node.sendall(head)
            for source, sink in ((caller, node), (node, caller)):
                Thread(target=pump, args=(source, sink), daemon=True).start()

    def pump(source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    Thread(target=serve, daemon=True).start()
    yield listener.getsockname()
    listener.close()


@contextmanager
def answers(canned, throttled=0):
    """A source that answers paths with what is canned and all others with 404; the first requests with 429.

    Gives its address and the paths that it was asked for.
    """
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path = self.path.split("?")[0]
            asked.append(path)
            status = 429 if len(asked) <= throttled else 200 if path in canned else 404
            body = json.dumps(canned[path] if status == 200 else {"message": "no"}).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


@contextmanager
def moto_server(folder):
    """A moto server; gives a client and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "moto.log").open("ab") as log:
        process = subprocess.Popen(
            [str(VENV / "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
            stdout=log, stderr=log, env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    client = boto3.client(
        "apigateway", endpoint_url=url, region_name="us-east-1",
        aws_access_key_id="testing", aws_secret_access_key="testing", config=Config(retries={"total_max_attempts": 1}),
    )  # fmt: skip

    def answers():
        with suppress(Exception):
            return client.get_api_keys() is not None
        return False

    try:
        poll(answers, within=60, what="an answer of moto")
        yield client, url
    finally:
        process.terminate()
        process.wait(20)
