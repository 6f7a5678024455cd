"""What stands around APIs, through unmodified boto3 and the AWS CLI: names, mappings, links, certificates, clones."""

import json
import ssl

import pytest

from arrange import unique
from refusals import bad_request, not_found, plain, refused

CERTIFICATE = "arn:aws:acm:eu-central-1:000000000000:certificate/one"
LOAD_BALANCER = "arn:aws:elasticloadbalancing:eu-central-1:000000000000:loadbalancer/net/nlb/1"


@pytest.fixture
def domain(client):
    """A regional domain name."""
    name = f"{unique()}.example.com"
    client.create_domain_name(
        domainName=name, regionalCertificateArn=CERTIFICATE, endpointConfiguration={"types": ["REGIONAL"]}
    )
    return name


def private_domain(client):
    return client.create_domain_name(
        domainName=f"{unique()}.example.com",
        certificateArn=CERTIFICATE,
        endpointConfiguration={"types": ["PRIVATE"]},
        policy='{"Version": "2012-10-17", "Statement": []}',
    )


def test_a_domain_name_is_shown_as_aws_shows_it(client, domain):
    said = client.get_domain_name(domainName=domain)
    assert said["domainNameArn"] == f"arn:aws:apigateway:us-east-1::/domainnames/{domain}"
    assert (said["domainNameStatus"], said["securityPolicy"]) == ("AVAILABLE", "TLS_1_2")
    assert domain in [item["domainName"] for item in client.get_domain_names(limit=500)["items"]]
    operations = [{"op": "replace", "path": "/securityPolicy", "value": "TLS_1_0"}]
    assert client.update_domain_name(domainName=domain, patchOperations=operations)["securityPolicy"] == "TLS_1_0"
    assert refused(client.create_domain_name, domainName=domain, certificateArn=CERTIFICATE) == bad_request(
        "The domain name you provided already exists."
    )
    client.delete_domain_name(domainName=domain)
    assert refused(client.get_domain_name, domainName=domain) == not_found("Invalid domain name identifier specified")


def test_a_private_domain_name_is_opened_to_an_endpoint(client):
    private = private_domain(client)
    assert json.loads(private["policy"]) == {"Version": "2012-10-17", "Statement": []}
    made = client.create_domain_name_access_association(
        domainNameArn=private["domainNameArn"], accessAssociationSourceType="VPCE", accessAssociationSource="vpce-1"
    )
    arn = made["domainNameAccessAssociationArn"]
    client.tag_resource(resourceArn=arn, tags={"a": "1"})
    listed = client.get_domain_name_access_associations(resourceOwner="SELF", limit=500)["items"]
    assert [item["tags"] for item in listed if item["domainNameAccessAssociationArn"] == arn] == [{"a": "1"}]
    client.reject_domain_name_access_association(
        domainNameAccessAssociationArn=arn, domainNameArn=private["domainNameArn"]
    )
    assert refused(client.delete_domain_name_access_association, domainNameAccessAssociationArn=arn)[0] == 404


def test_a_mapping_of_the_empty_path_is_called_none(client, aws, api, domain):
    made = client.create_base_path_mapping(domainName=domain, restApiId=api.id, stage=api.stage)
    assert plain(made) == {"basePath": "(none)", "restApiId": api.id, "stage": api.stage}
    assert aws("get-base-path-mapping", "--domain-name", domain, "--base-path", "(none)") == plain(made)
    operations = [{"op": "replace", "path": "/basePath", "value": "v1"}]
    renamed = client.update_base_path_mapping(domainName=domain, basePath="(none)", patchOperations=operations)
    assert renamed["basePath"] == "v1"
    assert [item["basePath"] for item in client.get_base_path_mappings(domainName=domain)["items"]] == ["v1"]
    assert refused(client.delete_rest_api, restApiId=api.id) == bad_request(
        f"Deleting RestApi {api.id} failed. Please remove all base path mappings related to the RestApi in your "
        f"domains: {domain}"
    )
    client.delete_base_path_mapping(domainName=domain, basePath="v1")
    client.delete_rest_api(restApiId=api.id)


def test_a_vpc_link_is_there_at_once(client):
    made = client.create_vpc_link(name="nlb", targetArns=[LOAD_BALANCER])
    assert (made["ResponseMetadata"]["HTTPStatusCode"], made["status"], "tags" in made) == (202, "PENDING", False)
    link = made["id"]
    read = client.get_vpc_link(vpcLinkId=link)
    assert (read["status"], read["tags"]) == ("AVAILABLE", {})
    assert link in [item["id"] for item in client.get_vpc_links(limit=500)["items"]]
    operations = [{"op": "replace", "path": "/name", "value": "new"}]
    assert client.update_vpc_link(vpcLinkId=link, patchOperations=operations)["name"] == "new"
    assert refused(client.create_vpc_link, name="nlb", targetArns=["nope"]) == bad_request(
        "Invalid ARN. ARN is not well formed nope"
    )
    client.delete_vpc_link(vpcLinkId=link)
    assert refused(client.get_vpc_link, vpcLinkId=link) == not_found("Invalid Vpc Link identifier specified")


def test_a_client_certificate_is_one_that_tls_reads(client):
    made = client.generate_client_certificate(description="mine")
    ssl.create_default_context().load_verify_locations(cadata=made["pemEncodedCertificate"])
    assert (made["expirationDate"] - made["createdDate"]).days == 365
    certificate = made["clientCertificateId"]
    assert plain(client.get_client_certificate(clientCertificateId=certificate)) == plain(made)
    assert certificate in [it["clientCertificateId"] for it in client.get_client_certificates(limit=500)["items"]]
    operations = [{"op": "replace", "path": "/description", "value": "ours"}]
    changed = client.update_client_certificate(clientCertificateId=certificate, patchOperations=operations)
    assert changed["description"] == "ours"
    client.delete_client_certificate(clientCertificateId=certificate)


def test_the_caches_of_a_stage_are_flushed(client, api):
    for flush in (client.flush_stage_cache, client.flush_stage_authorizers_cache):
        assert flush(restApiId=api.id, stageName=api.stage)["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert refused(flush, restApiId=api.id, stageName="nope") == not_found("Invalid stage identifier specified")


def test_sdk_types_are_listed(client):
    types = client.get_sdk_types()["items"]
    assert [client.get_sdk_type(id=kind["id"])["friendlyName"] for kind in types] == [
        kind["friendlyName"] for kind in types
    ]


def test_a_clone_has_the_resources_of_its_source(client, api):
    clone = client.create_rest_api(name="copy", cloneFrom=api.id)
    paths = {
        name: {resource["path"] for resource in client.get_resources(restApiId=name)["items"]}
        for name in (api.id, clone["id"])
    }
    assert paths[api.id] == paths[clone["id"]]
    client.create_deployment(restApiId=clone["id"], stageName="dev")
