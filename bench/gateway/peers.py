"""Tollgate and what a user would pick instead, each started on a port with the scenario's keys and upstream."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from string import Template

import keys
from machine import GATEWAY_CORE, LOAD_CORE, on_core

TEMPLATES = Path(__file__).parent / "templates"
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "e2e"))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port):
    """Waits until something listens."""
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"nothing listens on port {port}")


class Peer:
    """A gateway that runs. `host` and `path` are what calls are addressed to."""

    host, path = "bench.example", "/pets"

    def __init__(self, folder, upstream):
        self.folder, self.upstream, self.port = folder, upstream, free_port()
        self.prepare()
        self.process = on_core(GATEWAY_CORE, self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port)

    def prepare(self):
        """Writes the configuration."""

    def fill(self, template):
        text = Template((TEMPLATES / template).read_text())
        values = {"folder": self.folder, "port": self.port, "upstream": self.upstream, "slow": keys.SLOW}
        path = self.folder / template
        path.write_text(text.substitute(values))
        return path

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    @property
    def pid(self):
        return self.process.pid


class Nginx(Peer):
    """nginx: a map of keys, and limit_req for each."""

    name = "nginx"

    def prepare(self):
        known = "".join(f'"{key}" $http_x_api_key;\n' for key in keys.ALL)
        (self.folder / "known.map").write_text(known)
        self.config = self.fill("nginx.conf")

    def command(self):
        return ["nginx", "-c", str(self.config)]


class NginxLua(Peer):
    """nginx with Lua, as Kong and APISIX are built: shared dictionaries for keys and counts."""

    name = "nginx + Lua"

    def prepare(self):
        (self.folder / "keys.txt").write_text("".join(f"{key}\n" for key in keys.ALL))
        self.config = self.fill("nginx-lua.conf")

    def command(self):
        return ["nginx", "-c", str(self.config)]


class Haproxy(Peer):
    """HAProxy: a map of limits, and a stick table that counts."""

    name = "HAProxy"

    def prepare(self):
        limits = "".join(f"{key} {1 if key == keys.SLOW else 1_000_000}\n" for key in keys.ALL)
        (self.folder / "limits.map").write_text(limits)
        self.config = self.fill("haproxy.cfg")

    def command(self):
        return ["haproxy", "-db", "-f", str(self.config)]


class Tollgate(Peer):
    """Tollgate, with all of it on: keys, throttles of plan and stage, quotas, metering."""

    name = "Tollgate"

    def __init__(self, folder, upstream):
        import harness  # noqa: PLC0415 - the end-to-end tests' own

        harness.BINARY = Path(os.environ.get("TOLLGATE_BIN", ROOT / "target" / "release" / "tollgate")).resolve()
        self.server = harness.Tollgate(
            folder / "data", folder / "tollgate.log", TOLLGATE_GATEWAY_THREADS__COUNT=1, TOLLGATE_LOG="error"
        )
        subprocess.run(["taskset", "-acp", GATEWAY_CORE, str(self.server.process.pid)], check=True, capture_output=True)
        self.port, self.process = self.server.gateway[1], self.server.process
        self.host, self.path = configure(self.server.client(), upstream)

    def stop(self):
        self.server.stop()


def configure(api, upstream):
    """An API with one method, two plans, and all keys."""
    rest_api = api.create_rest_api(name="bench")
    address = {"restApiId": rest_api["id"], "httpMethod": "GET"}
    pets = api.create_resource(restApiId=rest_api["id"], parentId=rest_api["rootResourceId"], pathPart="pets")["id"]
    api.put_method(**address, resourceId=pets, authorizationType="NONE", apiKeyRequired=True)
    uri = f"http://127.0.0.1:{upstream}/pets"
    api.put_integration(**address, resourceId=pets, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri)
    api.create_deployment(restApiId=rest_api["id"], stageName="bench")
    throttle = [
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "1000000"},
        {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": "1000000"},
    ]
    api.update_stage(restApiId=rest_api["id"], stageName="bench", patchOperations=throttle)
    stages = [{"apiId": rest_api["id"], "stage": "bench"}]
    quota = {"limit": 2_000_000_000, "period": "MONTH"}

    def plan(name, rate):
        throttle = {"rateLimit": rate, "burstLimit": int(rate)}
        return api.create_usage_plan(name=name, apiStages=stages, throttle=throttle, quota=quota)["id"]

    free, slow = plan("free", 1_000_000.0), plan("slow", 1.0)
    rows = [f"{key},{key},true,{free}" for key in keys.FREE] + [f"{keys.SLOW},{keys.SLOW},true,{slow}"]
    body = "\n".join(["name,key,enabled,usageplanIds", *rows])
    api.import_api_keys(body=body.encode(), format="csv", failOnWarnings=True)
    return f"{rest_api['id']}.execute-api.localhost", "/bench/pets"


class Upstream(Peer):
    """What stands behind all of them: nginx, which answers by itself."""

    def __init__(self, folder):
        self.folder, self.upstream = folder, free_port()
        self.port = self.upstream
        self.process = on_core(LOAD_CORE, ["nginx", "-c", str(self.fill("upstream.conf"))])
        wait_for(self.port)


PEERS = {peer.name: peer for peer in (Tollgate, Nginx, Haproxy, NginxLua)}
