"""Redis servers of the tests' own, on free ports of loopback. They end with this process at the latest."""

import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from harness import poll

# Ends the server when there is nothing more to read, also because whoever started it was killed.
KEEPER = 'redis-server "$@" & server=$!; trap "kill -KILL $server 2>/dev/null" EXIT; echo $server; read -r _'


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def scheme(tls):
    return "rediss" if tls else "redis"


def ports(port, tls):
    """The options of a server that listens there, in clear or by TLS."""
    if not tls:
        return ["--port", str(port)]
    certificate, key = map(str, tls)
    files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate]
    return ["--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no", "--tls-replication", "yes", *files]


class Redis:
    """One server. It keeps nothing: a restart empties it. With a certificate and its key, it speaks TLS alone."""

    def __init__(self, *options, password=None, tls=None):
        self.folder = Path(tempfile.mkdtemp(prefix="redis."))
        self.port, self.password, self.options, self.tls = free_port(), password, options, tls
        self.keeper = self.pid = None
        self.start()

    @property
    def url(self):
        return f"{scheme(self.tls)}://127.0.0.1:{self.port}"

    def start(self):
        given = ["--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "", *ports(self.port, self.tls)]
        given += ["--logfile", "redis.log", *(["--requirepass", self.password] if self.password else [])]
        command = ["bash", "-c", KEEPER, "redis", *map(str, self.options), *given]
        self.keeper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = int(self.keeper.stdout.readline())
        poll(lambda: self.ask("PING") == "PONG", within=10, what="Redis")

    def ask(self, *words):
        """What a command returns, as text; nothing when nobody answers."""
        secret = ["-a", self.password, "--no-auth-warning"] if self.password else []
        trusted = ["--tls", "--cacert", str(self.tls[0])] if self.tls else []
        command = ["redis-cli", "-p", str(self.port), *secret, *trusted, *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.strip()

    def follows(self):
        """Waits until it has all that the server has for which it stands in: before, it is not put in its place."""
        poll(lambda: "master_link_status:up" in self.ask("INFO", "replication"), within=20, what="the one that stands in")

    def signal(self, number):
        subprocess.run(["kill", f"-{int(number)}", str(self.pid)], check=True)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        self.keeper.stdin.close()
        self.keeper.stdout.close()
        self.keeper.wait(10)

    def restart(self):
        self.kill()
        self.start()

    def end(self):
        with suppress(BrokenPipeError):
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Cluster:
    """Six servers: three that each have a third of the slots, and one that stands in for each."""

    def __init__(self, password=None, tls=None):
        self.tls = tls
        options = ["--cluster-enabled", "yes", "--cluster-node-timeout", 1000]
        options += [*(["--tls-cluster", "yes"] if tls else []), *(["--masterauth", password] if password else [])]
        self.servers = [
            Redis(*options, "--cluster-port", free_port(), password=password, tls=tls) for _ in range(6)
        ]
        addresses = [f"127.0.0.1:{server.port}" for server in self.servers]
        secret = ["-a", password, "--no-auth-warning"] if password else []
        trusted = ["--tls", "--cacert", str(tls[0])] if tls else []
        create = ["redis-cli", *secret, *trusted, "--cluster", "create", *addresses, "--cluster-replicas", "1", "--cluster-yes"]
        done = subprocess.run(create, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        for server in self.servers:
            poll(lambda server=server: "cluster_state:ok" in server.ask("CLUSTER", "INFO"), within=20, what="the cluster")
        for server in self.servers[3:]:
            server.follows()

    @property
    def url(self):
        return f"{scheme(self.tls)}-cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in self.servers[:3])

    def fail(self):
        """Kills one that has slots, and waits until another has taken its place."""
        self.servers[0].kill()
        other = self.servers[1]
        failed = lambda: "master,fail " in other.ask("CLUSTER", "NODES")  # noqa: E731
        poll(lambda: failed() and "cluster_state:ok" in other.ask("CLUSTER", "INFO"), within=30, what="the failover")

    def end(self):
        for server in self.servers:
            server.end()


class Watched:
    """A server, one that stands in for it, and three sentinels that watch them."""

    def __init__(self, password=None, sentinel_password=None, tls=None):
        self.folder = Path(tempfile.mkdtemp(prefix="sentinel."))
        self.password, self.sentinel_password, self.tls = password, sentinel_password, tls
        secret = ["--masterauth", password] if password else []
        self.server = Redis(*secret, password=password, tls=tls)
        self.replica = Redis("--replicaof", "127.0.0.1", self.server.port, *secret, password=password, tls=tls)
        self.replica.follows()
        self.sentinels = [self._sentinel() for _ in range(3)]
        known = lambda: all("slaves=1,sentinels=3" in s.ask("INFO", "sentinel") for s in self.sentinels)  # noqa: E731
        poll(known, within=20, what="sentinels that know each other")

    def _sentinel(self):
        settings = self.folder / f"sentinel{free_port()}.conf"
        settings.write_text(
            f"sentinel monitor main 127.0.0.1 {self.server.port} 2\n"
            "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n"
            + (f"sentinel auth-pass main {self.password}\n" if self.password else "")
        )
        return Redis(settings, "--sentinel", password=self.sentinel_password, tls=self.tls)

    @property
    def url(self):
        return f"{scheme(self.tls)}+sentinel://" + ",".join(f"127.0.0.1:{s.port}" for s in self.sentinels) + "/main"

    def fail(self):
        """Kills the server, and waits until the sentinels have put the other in its place."""
        self.server.kill()
        named = lambda: self.sentinels[0].ask("SENTINEL", "get-master-addr-by-name", "main")  # noqa: E731
        poll(lambda: str(self.replica.port) in named(), within=30, what="the failover")

    def end(self):
        for server in (*self.sentinels, self.replica, self.server):
            server.end()
        shutil.rmtree(self.folder, ignore_errors=True)
