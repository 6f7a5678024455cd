"""Each folder of `examples/` is run as its README tells a person to, and says what the README promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploying import TOOLS, missing_tools
from harness import ACCESS_KEY_ID, BINARY, REGION, ROOT, SECRET_ACCESS_KEY
from test_functions import lambda_client

EXAMPLES = sorted(script.parent for script in (ROOT / "examples").glob("*/run.sh"))
TRANSCRIPT = re.compile(r"^You will see:\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def surroundings(tollgate, home):
    """What "Serve" of the README tells a person to export, and where this build is."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(TOOLS / "node_modules/.bin"), os.environ["PATH"]]),
        "NODE_PATH": str(TOOLS / "node_modules"),
        "HOME": str(home),
        "TMPDIR": str(home),
        "AWS_ENDPOINT_URL": tollgate.endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "GATEWAY": "http://{}:{}".format(*tollgate.gateway),
        "TOLLGATE": str(BINARY),
        "FUNCTION": os.environ.get("TOLLGATE_FUNCTION", str(BINARY.parent / "examples" / "echo")),
    }


@pytest.fixture(scope="module")
def node(starter):
    """A Tollgate for the examples alone, so that what they leave behind is seen."""
    tollgate = starter()
    yield tollgate
    tollgate.end()


def left_behind(tollgate):
    client = tollgate.client()
    lists = (client.get_rest_apis(), client.get_usage_plans(), client.get_api_keys(), client.get_domain_names())
    functions = lambda_client(tollgate).list_functions()["Functions"]
    return [item for listed in lists for item in listed["items"]] + functions


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_says_what_its_readme_promises(node, tmp_path, folder):
    if folder.name.startswith("serverless-") and missing_tools():
        pytest.skip(f"needs {missing_tools()}")
    readme = (folder / "README.md").read_text()
    assert f"    examples/{folder.name}/run.sh\n" in readme
    promised = TRANSCRIPT.search(readme)
    assert promised, f"{folder.name}/README.md has no transcript"
    done = subprocess.run(
        [f"examples/{folder.name}/run.sh"],
        cwd=ROOT, env=surroundings(node, tmp_path), timeout=120, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout == promised[1]
    assert left_behind(node) == [] and list(tmp_path.glob("tmp.*")) == []


def test_the_readme_of_the_examples_names_each():
    table = (ROOT / "examples" / "README.md").read_text()
    named = re.findall(r"^\| \[([a-z-]+)\]\(\1/README.md\) ", table, re.MULTILINE)
    assert named == [folder.name for folder in EXAMPLES]
