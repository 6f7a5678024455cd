"""Names come back as they were given, and lists as they are, whatever is in them and whatever happens meanwhile."""

import json

import pytest
from botocore import xform_name

from arrange import unique
from contract.world import CERTIFICATE, FUNCTION, LOAD_BALANCER, SCHEMA, World
from refusals import refused

STRANGE = ["a.b", "a b", "a/b", "é日本", "100%", "a+b&c=d?e#f", "%2F", "~1~0", "(none)", "'\"\\", "..", "a" * 200]


@pytest.fixture
def world(client):
    return World(client)


# A segment of dots is none in an address, so nothing can be found by it.
@pytest.mark.parametrize("name", [name for name in STRANGE if name != ".."])
def test_a_documentation_version_is_found_by_its_name(client, world, name):
    where = {**world.api, "documentationVersion": name}
    assert client.create_documentation_version(**where)["version"] == name
    assert client.get_documentation_version(**where)["version"] == name
    change = [{"op": "replace", "path": "/description", "value": name}]
    assert client.update_documentation_version(**where, patchOperations=change)["description"] == name
    assert [it["version"] for it in client.get_documentation_versions(**world.api)["items"]] == [name]
    client.delete_documentation_version(**where)
    assert client.get_documentation_versions(**world.api)["items"] == []


@pytest.mark.parametrize("name", STRANGE)
def test_names_and_texts_come_back_as_they_were_given(client, world, name):
    key = client.create_api_key(name=name, description=name, customerId=name)
    assert client.get_api_key(apiKey=key["id"])["customerId"] == name
    assert key["id"] in [it["id"] for it in client.get_api_keys(nameQuery=name, limit=500)["items"]]
    plan = client.create_usage_plan(name=name, description=name)
    assert client.get_usage_plan(usagePlanId=plan["id"])["name"] == name
    api = client.create_rest_api(name=name, description=name)
    assert client.get_rest_api(restApiId=api["id"])["name"] == name
    validator = client.create_request_validator(**world.api, name=name)
    assert client.get_request_validator(**world.api, requestValidatorId=validator["id"])["name"] == name
    token = {"type": "TOKEN", "authorizerUri": FUNCTION, "identitySource": "method.request.header.A"}
    authorizer = client.create_authorizer(**world.api, name=name, **token)
    assert client.get_authorizer(**world.api, authorizerId=authorizer["id"])["name"] == name
    text = json.dumps({"description": name}, ensure_ascii=False)
    part = client.create_documentation_part(**world.api, location={"type": "API"}, properties=text)
    shown = client.get_documentation_part(**world.api, documentationPartId=part["id"])["properties"]
    assert json.loads(shown) == json.loads(text)


@pytest.mark.parametrize("word", ["a.b", "a b", "a/b", "é", "a+b", "a:b=c"])
def test_tags_come_and_go_whatever_their_words_are(client, world, word):
    client.tag_resource(resourceArn=world.tagged, tags={word: word})
    assert client.get_tags(resourceArn=world.tagged)["tags"] == {word: word}
    client.untag_resource(resourceArn=world.tagged, tagKeys=[word])
    assert client.get_tags(resourceArn=world.tagged)["tags"] == {}


@pytest.mark.parametrize("media", ["application/json", "application/vnd.a~b+json;v=1", "*/*", "a/b"])
def test_media_types_are_patched_by_their_escaped_names(client, world, media):
    path = "/binaryMediaTypes/" + media.replace("~", "~0").replace("/", "~1")
    change = {**world.api, "patchOperations": [{"op": "add", "path": path}]}
    assert client.update_rest_api(**change)["binaryMediaTypes"] == [media]
    change = {**world.api, "patchOperations": [{"op": "remove", "path": path}]}
    assert "binaryMediaTypes" not in client.update_rest_api(**change)


def in_api(make, named=lambda number: f"n{number}"):
    return lambda w, number: make(w.client, w.api, named(number))


def a_token(client, api, name):
    source = "method.request.header.A"
    return client.create_authorizer(**api, name=name, type="TOKEN", authorizerUri=FUNCTION, identitySource=source)


def a_deployment(w, _number):
    return w.client.create_deployment(**w.integration_api)


def a_domain(w, _number):
    return w.client.create_domain_name(domainName=unique("page") + ".example.com", certificateArn=CERTIFICATE)


#: For each list: what makes an item, the member that names one, the arguments of the list, and those of deletion.
LISTS = {
    "GetRestApis": (lambda w, _: w.client.create_rest_api(name="page"), "id", None, "DeleteRestApi", "restApiId"),
    "GetUsagePlans": (lambda w, _: w.client.create_usage_plan(name="page"), "id", None, "DeleteUsagePlan",
                      "usagePlanId"),
    "GetApiKeys": (lambda w, _: w.client.create_api_key(name="page"), "id", None, "DeleteApiKey", "apiKey"),
    "GetVpcLinks": (lambda w, _: w.client.create_vpc_link(name="page", targetArns=[LOAD_BALANCER]), "id", None,
                    "DeleteVpcLink", "vpcLinkId"),
    "GetClientCertificates": (lambda w, _: w.client.generate_client_certificate(), "clientCertificateId", None,
                              "DeleteClientCertificate", "clientCertificateId"),
    "GetDomainNames": (a_domain, "domainName", None, "DeleteDomainName", "domainName"),
    "GetResources": (in_api(lambda c, api, name: c.create_resource(
        **api, parentId=root_of(c, api), pathPart=name)), "id", "api", "DeleteResource", "resourceId"),
    "GetModels": (in_api(lambda c, api, name: c.create_model(
        **api, name=name, contentType="application/json", schema=SCHEMA)), "name", "api", "DeleteModel", "modelName"),
    "GetRequestValidators": (in_api(lambda c, api, name: c.create_request_validator(**api, name=name)), "id", "api",
                             "DeleteRequestValidator", "requestValidatorId"),
    "GetAuthorizers": (in_api(a_token), "id", "api", "DeleteAuthorizer", "authorizerId"),
    "GetDeployments": (a_deployment, "id", "api", "DeleteDeployment", "deploymentId"),
    "GetDocumentationVersions": (in_api(lambda c, api, name: c.create_documentation_version(
        **api, documentationVersion=name)), "version", "api", "DeleteDocumentationVersion", "documentationVersion"),
}


def root_of(client, api):
    return client.get_rest_api(**api)["rootResourceId"]


@pytest.mark.parametrize("operation", LISTS)
def test_pages_show_all_that_stays_once_while_the_last_item_shown_goes_and_others_come(client, world, operation):
    make, name, where, delete, argument = LISTS[operation]
    scope = getattr(world, where) if where else {}
    stay = {make(world, number)[name] for number in range(4)}
    goes = {make(world, number)[name] for number in range(10, 14)}
    seen, position = [], {}
    for turn in range(2000):
        page = getattr(client, xform_name(operation))(**scope, limit=1, **position)
        seen += [item[name] for item in page["items"]]
        if "position" not in page:
            break
        position = {"position": page["position"]}
        if seen[-1] in goes:
            getattr(client, xform_name(delete))(**scope, **{argument: seen[-1]})
            make(world, 100 + turn)
    assert "position" not in page, "the list ends"
    assert [item for item in seen if item in stay] == sorted(set(seen) & stay, key=seen.index)
    assert set(seen) >= stay | goes and len(seen) == len(set(seen))
    assert refused(getattr(client, xform_name(operation)), **scope, position="nonsense")[0] == 400
