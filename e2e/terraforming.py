"""Runs Terraform on the scenarios under `terraform/`, each in a folder of its own, all with one installed provider."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from harness import ACCESS_KEY_ID, SECRET_ACCESS_KEY

SCENARIOS = Path(__file__).resolve().parent / "terraform"
#: Where machines keep folders with providers, for Terraform to use without a registry.
PLACES = ["/opt", "/usr/local/share/terraform", "/usr/share/terraform"]


def scenarios():
    return sorted(folder.name for folder in SCENARIOS.iterdir() if folder.is_dir())


def missing():
    """What this machine lacks for Terraform to run; nothing if it can."""
    if not shutil.which("terraform"):
        return "terraform"
    return None if mirror() else "a folder with its AWS provider"


def mirror():
    """The folder that `TOLLGATE_TF_PLUGINS` names, or else one that holds the provider in Terraform's own layout."""
    given = os.environ.get("TOLLGATE_TF_PLUGINS")
    if given:
        return given if Path(given).is_dir() else None
    found = (path.parents[2] for place in PLACES for path in sorted(Path(place).glob("*/*/hashicorp/aws")))
    return next((str(path) for path in found), None)


class Ran(NamedTuple):
    """What a command of Terraform came to."""

    command: str
    code: int
    said: str


class Terraform:
    """Terraform, installed once for all its scenarios, against one Tollgate."""

    def __init__(self, folder, endpoint_url):
        self.folder = folder
        settings = folder / "terraformrc"
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror()}"\n  }}\n}}\n')
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "TF_DATA_DIR": str(folder / "installed"),
            "AWS_ENDPOINT_URL_API_GATEWAY": endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }
        self.template = self._copy("provider", SCENARIOS / "provider.tf")
        ran = self.run(self.template, "init")
        assert ran.code == 0, ran.said

    def _copy(self, name, *files):
        folder = self.folder / name
        folder.mkdir()
        for file in files:
            shutil.copy(file, folder)
        return folder

    def scenario(self, name):
        """A folder that holds a scenario's configuration, ready to be applied."""
        files = [SCENARIOS / "provider.tf", self.template / ".terraform.lock.hcl", *(SCENARIOS / name).glob("*.tf")]
        return self._copy(name, *files)

    def run(self, folder, *arguments, changed=None, said=subprocess.PIPE):
        environment = {**self.environment, **({} if changed is None else {"TF_VAR_changed": json.dumps(changed)})}
        done = subprocess.run(
            ["terraform", *arguments, "-no-color"],
            cwd=folder,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT if said == subprocess.PIPE else subprocess.PIPE,
            text=True,
            timeout=300,
        )
        return Ran(f"terraform {' '.join(arguments)} (changed: {changed})", done.returncode, done.stdout)

    def kinds(self):
        """Every resource and data source that the provider has for REST APIs, as a configuration begins them."""
        schemas = json.loads(self.run(self.template, "providers", "schema", "-json").said)["provider_schemas"]
        (provider,) = schemas.values()
        groups = {"resource": provider["resource_schemas"], "data": provider["data_source_schemas"]}
        return {
            f'{word} "{kind}"'
            for word, schema in groups.items()
            for kind in schema
            if kind.startswith("aws_api_gateway_")
        }


def kinds_of_scenarios():
    text = "\n".join(file.read_text() for file in SCENARIOS.glob("*/*.tf"))
    return set(re.findall(r'^(?:resource|data) "aws_api_gateway_\w+"', text, re.MULTILINE))


def live_through(terraform, name):
    """Applies a scenario, changes it and destroys it; the commands that ran, the last of which may have failed.

    After either apply, a plan has to find nothing to do, which is exit code 0.
    """
    folder = terraform.scenario(name)
    ran = []
    steps = [
        (False, "apply", "-auto-approve"),
        (False, "plan", "-detailed-exitcode"),
        (True, "apply", "-auto-approve"),
        (True, "plan", "-detailed-exitcode"),
        (True, "destroy", "-auto-approve"),
    ]
    for changed, *arguments in steps:
        ran.append(terraform.run(folder, *arguments, changed=changed))
        if ran[-1].code != 0:
            break
    return ran
