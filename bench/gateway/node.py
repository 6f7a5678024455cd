"""Tollgate as the scenario wants it, with all of it on: keys, throttles of plan and stage, quotas, metering, metrics."""

import os
import subprocess
import sys
from pathlib import Path

import keys
from machine import GATEWAY_CORE
from peer import Peer, told

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("TOLLGATE_BIN", ROOT / "target" / "release" / "tollgate")).resolve()
sys.path.insert(0, str(ROOT / "e2e"))
os.environ["TOLLGATE_BIN"] = str(BINARY)

import harness  # noqa: E402 - the end-to-end tests' own

MANY = 1_000_000
QUOTA = {"limit": 2_000_000_000, "period": "MONTH"}


class Tollgate(Peer):
    """Tollgate, on the first core with all of its threads, one of which serves."""

    name = "Tollgate"

    def __init__(self, folder, upstream):
        settings = {"TOLLGATE_GATEWAY_THREADS__COUNT": 1, "TOLLGATE_LOG": "error"}
        self.server = harness.Tollgate(folder / "data", folder / "log", **settings)
        self.process = self.server.process
        try:
            pin = ["taskset", "-acp", GATEWAY_CORE, str(self.process.pid)]
            subprocess.run(pin, check=True, capture_output=True)
            self.port = self.server.gateway[1]
            self.host, self.path = configure(self.server.client(), upstream)
        except BaseException:
            self.stop()
            raise

    @staticmethod
    def version():
        commit = told(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], r"(\S+)")
        return told([str(BINARY), "--version"], r"(\d+\.\d+\.\d+)") + f" ({commit})"


def configure(api, upstream):
    """An API with one method, two plans, and all keys. Returns the host and the path that calls are addressed to."""
    rest_api = api.create_rest_api(name="bench")["id"]
    deploy(api, rest_api, f"http://127.0.0.1:{upstream}/pets")
    throttle = [
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": str(MANY)},
        {"op": "replace", "path": "/*/*/throttling/burstLimit", "value": str(MANY)},
    ]
    api.update_stage(restApiId=rest_api, stageName="bench", patchOperations=throttle)
    free, slow = plan(api, rest_api, "free", MANY), plan(api, rest_api, "slow", 1)
    rows = [f"{key},{key},true,{free}" for key in keys.FREE] + [f"{keys.SLOW},{keys.SLOW},true,{slow}"]
    body = "\n".join(["name,key,enabled,usageplanIds", *rows])
    api.import_api_keys(body=body.encode(), format="csv", failOnWarnings=True)
    return f"{rest_api}.execute-api.localhost", "/bench/pets"


def deploy(api, rest_api, uri):
    """A method that wants a key and is answered by an upstream, on a stage."""
    root = api.get_resources(restApiId=rest_api)["items"][0]["id"]
    pets = api.create_resource(restApiId=rest_api, parentId=root, pathPart="pets")["id"]
    address = {"restApiId": rest_api, "resourceId": pets, "httpMethod": "GET"}
    api.put_method(**address, authorizationType="NONE", apiKeyRequired=True)
    api.put_integration(**address, type="HTTP_PROXY", integrationHttpMethod="GET", uri=uri)
    api.create_deployment(restApiId=rest_api, stageName="bench")


def plan(api, rest_api, name, rate):
    """A usage plan of the stage. Returns its id."""
    throttle = {"rateLimit": float(rate), "burstLimit": rate}
    stages = [{"apiId": rest_api, "stage": "bench"}]
    return api.create_usage_plan(name=name, apiStages=stages, throttle=throttle, quota=QUOTA)["id"]
