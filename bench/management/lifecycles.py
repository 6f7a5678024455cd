"""What is timed: each noun of the management API from its creation to its deletion, every operation once a round.

A lifecycle takes the timed client, the population and the number of the round, and leaves nothing behind.
"""

import datetime

from population import STAGE

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/one"
LOAD_BALANCER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/nlb/1"
INVOCATION = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations"


def replaced(path, value):
    return [{"op": "replace", "path": path, "value": str(value)}]


def floor(timed, _population, _number):
    """Operations that read and write nothing: what signing, the wire and the client take."""
    kind = timed.get_sdk_types()["items"][0]["id"]
    timed.get_sdk_type(id=kind)


def account(timed, _population, _number):
    timed.get_account()
    timed.update_account(patchOperations=[{"op": "add", "path": "/features", "value": "UsagePlans"}])


def keys_and_plans(timed, population, number):
    covered = {"apiId": population.apis[number], "stage": STAGE}
    plan = timed.create_usage_plan(name=f"new-{number}", apiStages=[covered], quota={"limit": 9, "period": "DAY"})["id"]
    timed.get_usage_plan(usagePlanId=plan)
    timed.get_usage_plans()
    timed.update_usage_plan(usagePlanId=plan, patchOperations=replaced("/quota/limit", 100 + number))
    key = timed.create_api_key(name=f"new-{number}", enabled=True)["id"]
    timed.get_api_key(apiKey=key, includeValue=True)
    timed.get_api_keys(nameQuery=f"key-{number}")
    timed.update_api_key(apiKey=key, patchOperations=replaced("/description", number))
    timed.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")
    timed.get_usage_plan_key(usagePlanId=plan, keyId=key)
    timed.get_usage_plan_keys(usagePlanId=population.plans[number])
    timed.update_usage(usagePlanId=plan, keyId=key, patchOperations=replaced("/remaining", 5))
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    timed.get_usage(usagePlanId=plan, startDate=today, endDate=today)
    timed.delete_usage_plan_key(usagePlanId=plan, keyId=key)
    timed.delete_api_key(apiKey=key)
    whole = f"{covered['apiId']}:{STAGE}"
    timed.update_usage_plan(usagePlanId=plan, patchOperations=[{"op": "remove", "path": "/apiStages", "value": whole}])
    timed.delete_usage_plan(usagePlanId=plan)


def tags(timed, population, number):
    arn = f"arn:aws:apigateway:us-east-1::/usageplans/{population.plans[number]}"
    timed.tag_resource(resourceArn=arn, tags={"round": str(number)})
    timed.get_tags(resourceArn=arn)
    timed.untag_resource(resourceArn=arn, tagKeys=["round"])


def rest_apis(timed, population, number):
    """Whole APIs; the clone has as many resources as its source."""
    api = timed.create_rest_api(name="clone", cloneFrom=population.apis[number])["id"]
    timed.get_rest_api(restApiId=api)
    timed.get_rest_apis(limit=25)
    timed.update_rest_api(restApiId=api, patchOperations=replaced("/description", number))
    timed.delete_rest_api(restApiId=api)


def resources(timed, population, number):
    """A resource with its method and its integration, in an API that has plenty."""
    api = population.apis[number]
    listed = timed.get_resources(restApiId=api, limit=500)["items"]
    root = next(resource["id"] for resource in listed if resource["path"] == "/")
    made = timed.create_resource(restApiId=api, parentId=root, pathPart=f"new-{number}")["id"]
    resource = {"restApiId": api, "resourceId": made}
    timed.get_resource(**resource)
    timed.update_resource(**resource, patchOperations=replaced("/pathPart", f"newer-{number}"))
    method = {**resource, "httpMethod": "GET"}
    timed.put_method(**method, authorizationType="NONE", apiKeyRequired=True)
    timed.get_method(**method)
    timed.update_method(**method, patchOperations=replaced("/operationName", f"round{number}"))
    answered = {**method, "statusCode": "200"}
    timed.put_method_response(**answered)
    timed.get_method_response(**answered)
    header = [{"op": "add", "path": "/responseParameters/method.response.header.x", "value": "false"}]
    timed.update_method_response(**answered, patchOperations=header)
    timed.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    timed.get_integration(**method)
    timed.update_integration(**method, patchOperations=replaced("/timeoutInMillis", 1000 + number))
    timed.put_integration_response(**answered)
    timed.get_integration_response(**answered)
    timed.update_integration_response(**answered, patchOperations=replaced("/selectionPattern", "2.."))
    timed.delete_integration_response(**answered)
    timed.delete_integration(**method)
    timed.delete_method_response(**answered)
    timed.delete_method(**method)
    timed.delete_resource(**resource)


def parts(timed, population, number):
    """Models, validators, authorizers and gateway responses."""
    api = {"restApiId": population.apis[number]}
    model = {**api, "modelName": f"Model{number}"}
    timed.create_model(**api, name=model["modelName"], contentType="application/json", schema='{"type": "object"}')
    timed.get_model(**model)
    timed.get_model_template(**model)
    timed.get_models(**api)
    timed.update_model(**model, patchOperations=replaced("/description", number))
    timed.delete_model(**model)
    made = timed.create_request_validator(**api, name="all", validateRequestBody=True)
    validator = {**api, "requestValidatorId": made["id"]}
    timed.get_request_validator(**validator)
    timed.get_request_validators(**api)
    timed.update_request_validator(**validator, patchOperations=replaced("/name", f"all-{number}"))
    timed.delete_request_validator(**validator)
    source = "method.request.header.Auth"
    made = timed.create_authorizer(**api, name="auth", type="TOKEN", authorizerUri=INVOCATION, identitySource=source)
    authorizer = {**api, "authorizerId": made["id"]}
    timed.get_authorizer(**authorizer)
    timed.get_authorizers(**api)
    timed.update_authorizer(**authorizer, patchOperations=replaced("/name", f"auth-{number}"))
    timed.delete_authorizer(**authorizer)
    response = {**api, "responseType": "THROTTLED"}
    timed.put_gateway_response(**response, statusCode="503")
    timed.get_gateway_response(**response)
    timed.get_gateway_responses(**api)
    timed.update_gateway_response(**response, patchOperations=replaced("/statusCode", 429))
    timed.delete_gateway_response(**response)


def documentation(timed, population, number):
    api = {"restApiId": population.apis[number]}
    made = timed.create_documentation_part(**api, location={"type": "API"}, properties='{"description": "all"}')
    part = {**api, "documentationPartId": made["id"]}
    timed.get_documentation_part(**part)
    timed.get_documentation_parts(**api)
    timed.update_documentation_part(**part, patchOperations=replaced("/properties", "{}"))
    version = {**api, "documentationVersion": "1"}
    timed.create_documentation_version(**version)
    timed.get_documentation_version(**version)
    timed.get_documentation_versions(**api)
    timed.update_documentation_version(**version, patchOperations=replaced("/description", number))
    timed.delete_documentation_version(**version)
    timed.delete_documentation_part(**part)


def deployments(timed, population, number):
    """Deployments and stages of an API that callers can reach already."""
    api = {"restApiId": population.apis[number]}
    made = timed.create_deployment(**api)["id"]
    deployment = {**api, "deploymentId": made}
    timed.get_deployment(**deployment)
    timed.get_deployments(**api)
    timed.update_deployment(**deployment, patchOperations=replaced("/description", number))
    stage = {**api, "stageName": "beta"}
    timed.create_stage(**stage, deploymentId=made)
    timed.get_stage(**stage)
    timed.get_stages(**api)
    timed.update_stage(**stage, patchOperations=replaced("/*/*/throttling/rateLimit", 1 + number))
    timed.flush_stage_cache(**stage)
    timed.flush_stage_authorizers_cache(**stage)
    timed.delete_stage(**stage)
    timed.delete_deployment(**deployment)


def names(timed, population, number):
    """Domain names, their mappings, and leave to use them."""
    private = timed.create_domain_name(
        domainName=f"private-{number}.example.com",
        certificateArn=CERTIFICATE,
        endpointConfiguration={"types": ["PRIVATE"]},
    )
    domain = {"domainName": private["domainName"]}
    timed.get_domain_name(**domain)
    timed.get_domain_names()
    timed.update_domain_name(**domain, patchOperations=replaced("/securityPolicy", "TLS_1_2"))
    mapping = {**domain, "basePath": "v1"}
    timed.create_base_path_mapping(**mapping, restApiId=population.apis[number], stage=STAGE)
    timed.get_base_path_mapping(**mapping)
    timed.get_base_path_mappings(**domain)
    timed.update_base_path_mapping(**mapping, patchOperations=replaced("/restapiId", population.apis[number + 1]))
    timed.delete_base_path_mapping(**mapping)
    asked = {"accessAssociationSourceType": "VPCE", "accessAssociationSource": "vpce-1"}
    arn = {"domainNameArn": private["domainNameArn"]}
    made = timed.create_domain_name_access_association(**arn, **asked)["domainNameAccessAssociationArn"]
    timed.get_domain_name_access_associations()
    timed.delete_domain_name_access_association(domainNameAccessAssociationArn=made)
    made = timed.create_domain_name_access_association(**arn, **asked)["domainNameAccessAssociationArn"]
    timed.reject_domain_name_access_association(domainNameAccessAssociationArn=made, **arn)
    timed.delete_domain_name(**domain)


def links_and_certificates(timed, _population, number):
    link = {"vpcLinkId": timed.create_vpc_link(name="nlb", targetArns=[LOAD_BALANCER])["id"]}
    timed.get_vpc_link(**link)
    timed.get_vpc_links()
    timed.update_vpc_link(**link, patchOperations=replaced("/name", f"nlb-{number}"))
    timed.delete_vpc_link(**link)
    made = timed.generate_client_certificate()["clientCertificateId"]
    certificate = {"clientCertificateId": made}
    timed.get_client_certificate(**certificate)
    timed.get_client_certificates()
    timed.update_client_certificate(**certificate, patchOperations=replaced("/description", number))
    timed.delete_client_certificate(**certificate)


SINGLE = [
    floor,
    account,
    keys_and_plans,
    tags,
    rest_apis,
    resources,
    parts,
    documentation,
    deployments,
    names,
    links_and_certificates,
]
