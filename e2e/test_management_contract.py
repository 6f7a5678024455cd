"""What all operations of AWS API Gateway's REST API v1 have in common on the wire: account, tags, names."""

import re

import boto3
import pytest

from arrange import a_key, a_plan, replace
from callers import signed
from harness import REGION
from refusals import bad_request, plain, refused


def test_the_account_is_that_of_aws(client):
    said = plain(client.get_account())
    assert said["features"] == ["UsagePlans"] and "apiKeyVersion" in said
    assert set(said["throttleSettings"]) == {"burstLimit", "rateLimit"}
    assert refused(client.update_account, patchOperations=[replace("/cloudwatchRoleArn", "nonsense")]) == bad_request(
        "The role ARN is not well formed"
    )


def test_tags_are_merged_removed_and_shown_with_their_resource(tollgate, client, api):
    plan, key = a_plan(client, api), a_key(client)
    for path in (
        f"/usageplans/{plan}",
        f"/apikeys/{key.id}",
        f"/restapis/{api.id}",
        f"/restapis/{api.id}/stages/{api.stage}",
    ):
        arn = f"arn:aws:apigateway:{REGION}::{path}"
        client.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
        said = client.tag_resource(resourceArn=arn, tags={"b": "3", "c": "4"})
        assert said["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert client.get_tags(resourceArn=arn)["tags"] == {"a": "1", "b": "3", "c": "4"}
        assert signed(tollgate, "GET", path).json["tags"] == {"a": "1", "b": "3", "c": "4"}
        client.untag_resource(resourceArn=arn, tagKeys=["a", "c"])
        assert client.get_tags(resourceArn=arn)["tags"] == {"b": "3"}
        client.untag_resource(resourceArn=arn, tagKeys=["b"])
    assert "tags" not in plain(client.get_stage(restApiId=api.id, stageName=api.stage)), "stages show no empty tags"
    for arn in ("arn:aws:apigateway:us-east-1::/usageplans/nosuch", "nonsense"):
        status, code, _ = refused(client.get_tags, resourceArn=arn)
        assert status in (400, 404) and code in ("BadRequestException", "NotFoundException")


BUILT = re.compile(
    "(Create|Get|Update|Delete)(ApiKey|UsagePlan|RestApi|Resource|Deployment|Stage)s?$|(Create|Get|Delete)UsagePlanKeys?$|"
    "(Get|Update)(Usage|Account)$|(Put|Get|Update|Delete)(Method|Integration)(Response)?$|ImportApiKeys$|"
    "TagResource$|UntagResource$|GetTags$|"
    "(Create|Get|Update|Delete)(Model|RequestValidator|Authorizer|DocumentationPart|DocumentationVersion)s?$|"
    "GetModelTemplate$|(Put|Get|Update|Delete)GatewayResponses?$"
)


def operations():
    model = boto3.session.Session()._session.get_service_model("apigateway")
    return [model.operation_model(name) for name in model.operation_names]


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
def test_every_operation_of_aws_is_known(tollgate, operation):
    """One that is built does its work or names what is wrong; one that is not says so and gives its name."""
    path = re.sub(r"\{[^}]+\}", "nosuch00", operation.http["requestUri"])
    method = operation.http["method"]
    answer = signed(tollgate, method, path, b"{}" if method in ("POST", "PUT", "PATCH") else b"")
    if BUILT.match(operation.name):
        assert answer.status < 500, answer.body
        assert answer.status < 300 or answer.error_type in (
            "BadRequestException",
            "NotFoundException",
            "ValidationException",
        ), (answer.error_type, answer.body)
    else:
        assert (answer.status, answer.error_type) == (501, "NotImplementedException"), answer.body
        assert operation.name in answer.message


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nosuch"), ("PUT", "/apikeys"), ("GET", "/"), ("POST", "/account")]
)
def test_paths_and_methods_that_aws_does_not_have_are_refused_in_its_form(tollgate, method, path):
    answer = signed(tollgate, method, path)
    assert 400 <= answer.status < 500 and answer.error_type.endswith("Exception") and answer.message
