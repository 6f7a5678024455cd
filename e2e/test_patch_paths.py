"""Every path of every PATCH takes the operations that AWS takes there, and no other."""

import json
from contextlib import suppress

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from arrange import unique
from contract.case import of_world
from contract.shapes import answers, strangers
from contract.world import CERTIFICATE, FUNCTION, POOL, World
from patch_paths import NOTHING, ROWS
from refusals import plain, refused

OPERATIONS = ("add", "replace", "remove", "copy", "move", "test")


class PatchedWorld(World):
    """What only the paths are about."""

    nothing = {}

    @property
    def api_key(self):
        return {"apiKey": self.key.id}

    @property
    def private_api(self):
        made = self.client.create_rest_api(name="private", endpointConfiguration={"types": ["PRIVATE"]})
        return {"restApiId": made["id"]}

    @property
    def other_parent(self):
        return self.client.create_resource(**self.api, parentId=self.root, pathPart="other")["id"]

    @property
    def second_deployment(self):
        made = self.client.create_deployment(restApiId=self.stage["restApiId"])
        return {**self.api, "deploymentId": made["id"]}

    @property
    def second_stage(self):
        name = unique("second").replace("-", "_")
        self.client.create_stage(**self.deployment, stageName=name)
        return {**self.api, "stageName": name}

    @property
    def http_integration(self):
        self.client.put_integration(
            **self.method, type="HTTP", integrationHttpMethod="GET", uri="http://127.0.0.1:9/"
        )
        return self.method

    @property
    def request_authorizer(self):
        made = self.client.create_authorizer(
            **self.api, name="request", type="REQUEST", authorizerUri=FUNCTION, authorizerResultTtlInSeconds=0
        )
        return {**self.api, "authorizerId": made["id"]}

    @property
    def pool(self):
        made = self.client.create_authorizer(
            **self.api,
            name=unique("pool"),
            type="COGNITO_USER_POOLS",
            providerARNs=[POOL],
            identitySource="method.request.header.Authorization",
        )
        return {**self.api, "authorizerId": made["id"]}

    @property
    def regional_domain(self):
        name = unique("regional") + ".example.com"
        regional = {"types": ["REGIONAL"]}
        self.client.create_domain_name(
            domainName=name, regionalCertificateArn=CERTIFICATE, endpointConfiguration=regional
        )
        return {"domainName": name}

    @property
    def named_private_domain(self):
        return {name: self.private_domain[name] for name in ("domainName", "domainNameId")}


class Patched:
    """What a row is about, in a world of its own."""

    def __init__(self, client, row):
        self.row, self.world = row, PatchedWorld(client)
        self.arguments = getattr(self.world, row.of)
        self.update = getattr(client, xform_name(row.operation))

    def told(self, operation):
        return {name: of_world(value, self.world) for name, value in operation.items()}

    def operation(self, op):
        value = getattr(self.row, op, None)
        told = {"op": op, "path": self.row.path}
        if op == "copy":
            return told | {"from": value or "/name"}
        return told | ({} if value is NOTHING else {"value": "x" if value is None else value})

    def send(self, *operations):
        said = plain(self.update(**self.arguments, patchOperations=[self.told(it) for it in operations]))
        return {name: value for name, value in said.items() if name != "lastUpdatedDate"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_path_takes_its_operations_and_no_other(client, row):
    patched = Patched(client, row)
    for op in OPERATIONS:
        if getattr(row, op, None) is None:
            operation = patched.told(patched.operation(op))
            answer = refused(patched.update, **patched.arguments, patchOperations=[operation])
            assert answer[:2] == (400, "BadRequestException"), (op, answer)
    for op in OPERATIONS:
        if getattr(row, op, None) is not None:
            before = patched.send(*row.first)
            along = row.along_with_remove if op == "remove" else row.along
            after = patched.send(*along, patched.operation(op))
            assert (after == before) == (op in row.unseen), (op, after)


@pytest.mark.parametrize("row", [row for row in ROWS if row.replace], ids=lambda row: row.name)
def test_a_value_that_makes_no_sense_is_refused_or_shown_in_the_shape_of_awss_model(client, row):
    patched = Patched(client, row)
    patched.send(*row.first)
    for value in ("nonsense", "", "-1", "1e400", "{", "[]", "\u2028é\0", "x" * 2000):
        operation = patched.told({"op": "replace", "path": row.path, "value": value})
        along = [patched.told(each) for each in row.along]
        with answers(client) as seen, suppress(ClientError):
            patched.update(**patched.arguments, patchOperations=[*along, operation])
        model, raw = seen[-1]
        if raw["status_code"] in (400, 404):
            continue
        assert raw["status_code"] in (200, 201), raw
        assert strangers(model.output_shape, json.loads(raw["body"])) == [], value
        patched = Patched(client, row)
