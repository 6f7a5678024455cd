"""Runs `tollgate deploy` and `tollgate stack`, and the tools that make templates."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import boto3

from harness import ACCESS_KEY_ID, BINARY, REGION, ROOT, SECRET_ACCESS_KEY, environment

SCENARIOS = Path(__file__).resolve().parent / "deploy"
TOOLS = Path(os.environ.get("TOLLGATE_DEPLOY_TOOLS", ROOT / "target" / "deploy-tools"))
"""Where `make deploy-tools` installs osls and CDK, and, in folders of their own, Serverless 3 and SAM."""
SERVERLESS_3 = TOOLS / "serverless3" / "node_modules"
SAM = TOOLS / "sam" / "bin" / "sam"


def missing_tools(tool=TOOLS / "node_modules" / ".bin" / "osls"):
    """What there is not, for tests of a real tool to run; nothing if there is all."""
    if not shutil.which("node"):
        return "Node.js"
    return None if tool.exists() else f"{tool} (make deploy-tools)"


class Deployer:
    """The command line against one Tollgate, with further variables of its environment."""

    def __init__(self, tollgate, **variables):
        self.tollgate, self.variables = tollgate, variables

    def start(self, *arguments):
        """Starts the binary."""
        command = [BINARY, *arguments, "--data-dir", self.tollgate.data_dir]
        command += ["--management", _text(self.tollgate.management), "--gateway", _text(self.tollgate.gateway)]
        path = os.pathsep.join([str(TOOLS / "node_modules" / ".bin"), os.environ["PATH"]])
        surroundings = {**environment(TOLLGATE_REGION=REGION), "PATH": path, "SLS_NOTIFICATIONS_MODE": "off", **self.variables}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(list(map(str, command)), env=surroundings, **pipes)

    def run(self, *arguments, code=0):
        """Runs the binary; returns what it said on standard output and on standard error."""
        with self.start(*arguments) as process:
            try:
                said, why = process.communicate(timeout=120)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        assert process.returncode == code, f"{arguments}: {process.returncode}\n{said}\n{why}"
        return said, why

    def deploy(self, *arguments):
        """Deploys, and returns the outputs and the paths of stages by name."""
        said, _ = self.run("deploy", *arguments)
        outputs = dict(re.findall(r"^(\w+) = (.*)$", said, re.MULTILINE))
        stages = dict(re.findall(r"^stage (\S+) is called at http://[^/]+(/\S+)$", said, re.MULTILINE))
        return outputs, stages

    def plan(self, *arguments):
        """What a dry run would do: signs and logical ids of what does not stay."""
        said, _ = self.run("deploy", *arguments, "--dry-run")
        lines = [line.split(" ") for line in said.splitlines()]
        return {(line[0], line[1]) for line in lines if line[0] != "="}

    def refused(self, *arguments):
        """Deploys what cannot be deployed, and returns why."""
        said, why = self.run("deploy", *arguments, code=1)
        assert said == ""
        return why

    def ids(self, stack):
        """The physical ids of a stack by logical id."""
        said, _ = self.run("stack", "show", stack)
        rows = [line.split() for line in said.splitlines()[1:] if " AWS::" in line]
        return {row[0]: row[2] for row in rows}

    def left(self):
        """All there is on the node, of every kind that a template makes."""
        client, functions = self.tollgate.client(), lambda_client(self.tollgate)
        lists = [client.get_rest_apis(), client.get_usage_plans(), client.get_api_keys(), client.get_domain_names()]
        found = [item for listed in lists for item in listed["items"]]
        return found + functions.list_functions()["Functions"] + self.run("stack", "list")[0].split()


def lambda_client(tollgate):
    return boto3.client(
        "lambda", endpoint_url=tollgate.endpoint_url, region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY,
    )  # fmt: skip


def synthesize(folder, **settings):
    """Runs CDK on a copy of its scenario and returns the template."""
    if not folder.exists():
        shutil.copytree(SCENARIOS / "cdk", folder)
    surroundings = {
        **environment(**settings),
        "NODE_PATH": str(TOOLS / "node_modules"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
    command = [TOOLS / "node_modules" / ".bin" / "cdk", "synth", "--quiet", "--no-notices", "--app", "node app.js"]
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=surroundings, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "cdk.out" / "CdkShop.template.json"


def sam_build(folder):
    """Runs `sam build` on a copy of its scenario and returns the template."""
    if not folder.exists():
        shutil.copytree(SCENARIOS / "sam-build", folder)
    surroundings = {**environment(HOME=folder), "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(
        [str(SAM), "build"], cwd=folder, env=surroundings, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / ".aws-sam" / "build" / "template.yaml"


def _text(address):
    return "{}:{}".format(*address)
