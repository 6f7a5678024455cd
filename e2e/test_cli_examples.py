"""Every example that the AWS CLI's own help shows runs against Tollgate, by the unmodified CLI."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout

import pytest
from awscli.clidriver import create_clidriver

from cli_examples import ELSEWHERE, EXAMPLES, FOLDER, adapted, commands
from contract.case import lacks, of_world
from contract.world import World
from harness import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}
DOCUMENT = {"swagger": "2.0", "info": {"title": "petstore", "version": "1"}, "paths": {"/pets": {}}}


class ExampleWorld(World):
    """The examples' world: what only they stand on."""

    @property
    def method_responses(self):
        for code in ("200", "400"):
            header = {"method.response.header.custom-header": False}
            self.client.put_method_response(**self.method, statusCode=code, responseParameters=header)

    @property
    def cors_header(self):
        operations = [{"op": "add", "path": "/responseParameters/method.response.header.Access-Control-Allow-Origin"}]
        self.client.update_method_response(**self.method_response, patchOperations=operations)

    @property
    def json_model(self):
        operations = [{"op": "add", "path": "/responseModels/application~1json", "value": "Empty"}]
        self.client.update_method_response(**self.method_response, patchOperations=operations)


@pytest.fixture
def aws_here(tollgate, monkeypatch, tmp_path):
    """Runs the CLI in this process, which spares starting it anew for each of all these commands."""
    settings = {
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": tollgate.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    def run(*arguments):
        said, complaint = io.StringIO(), io.StringIO()
        with redirect_stdout(said), redirect_stderr(complaint):
            code = create_clidriver().main(["apigateway", *arguments])
        return code, said.getvalue(), complaint.getvalue()

    return run


@pytest.fixture
def files(tmp_path):
    (tmp_path / "policy.json").write_text(json.dumps(POLICY))
    (tmp_path / "API_Swagger_template.json").write_text(json.dumps(DOCUMENT))
    return tmp_path


def test_every_example_is_run_or_has_a_reason_not_to_be():
    there = {file.stem for file in FOLDER.glob("*.rst")}
    assert (set(EXAMPLES) | set(ELSEWHERE), set(EXAMPLES) & set(ELSEWHERE)) == (there, set())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_answers_as_its_help_says(client, aws_here, files, name):
    example, world = EXAMPLES[name], None
    told = commands(name)
    assert len(told) == len(example.says)
    for command, says in zip(told, example.says):
        if world is None or example.apart:
            world = ExampleWorld(client)
            for need in example.needs:
                getattr(world, need)
        code, said, complaint = aws_here(*adapted(command, example, world, files))
        if isinstance(says, str):
            assert code != 0 and complaint.strip().endswith(says), complaint
            continue
        assert code == 0, complaint
        says = of_world(says, world)
        assert (said.strip() == "") if says is None else not lacks(json.loads(said), says), said
