"""A small world for one case: whatever the case names is made when it is first asked for."""

import json
from functools import cached_property

from arrange import a_key, unique

FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
)
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000"
LOAD_BALANCER = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/nlb/0123456789abcdef"
POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a"
SCHEMA = '{"type":"object","properties":{"name":{"type":"string"}}}'


class World:
    """Arguments are named as boto3 names them, so that a case passes them on."""

    def __init__(self, client):
        self.client = client

    # APIs and their trees

    @cached_property
    def _api(self):
        return self.client.create_rest_api(name=unique("contract"))

    @property
    def api(self):
        return {"restApiId": self._api["id"]}

    @property
    def root(self):
        return self._api["rootResourceId"]

    @cached_property
    def resource(self):
        made = self.client.create_resource(**self.api, parentId=self.root, pathPart="pets")
        return {**self.api, "resourceId": made["id"]}

    @property
    def absent_method(self):
        return {**self.resource, "httpMethod": "GET"}

    @cached_property
    def method(self):
        self.client.put_method(**self.absent_method, authorizationType="NONE")
        return self.absent_method

    @cached_property
    def integration(self):
        self.client.put_integration(**self.method, type="MOCK")
        return self.method

    @property
    def integration_api(self):
        """An API that can be deployed, as an argument."""
        return {"restApiId": self.integration["restApiId"]}

    @cached_property
    def method_response(self):
        answer = {**self.method, "statusCode": "200"}
        header = {"method.response.header.a": False}
        self.client.put_method_response(**answer, responseParameters=header, responseModels={"a/b": "Empty"})
        return answer

    @cached_property
    def integration_response(self):
        answer = {**self.integration, **self.method_response}
        self.client.put_integration_response(**answer, selectionPattern="2..")
        return answer

    @cached_property
    def model(self):
        made = {**self.api, "modelName": "Pet"}
        self.client.create_model(**self.api, name="Pet", contentType="application/json", schema=SCHEMA)
        return made

    @cached_property
    def validator(self):
        made = self.client.create_request_validator(**self.api, name="all", validateRequestBody=True)
        return {**self.api, "requestValidatorId": made["id"]}

    @cached_property
    def authorizer(self):
        made = self.client.create_authorizer(
            **self.api,
            name="token",
            type="TOKEN",
            authorizerUri=FUNCTION,
            identitySource="method.request.header.Authorization",
        )
        return {**self.api, "authorizerId": made["id"]}

    @cached_property
    def gateway_response(self):
        made = {**self.api, "responseType": "THROTTLED"}
        self.client.put_gateway_response(**made, statusCode="429", responseTemplates={"application/json": "{}"})
        return made

    @cached_property
    def part(self):
        location = {"type": "RESOURCE", "path": "/"}
        made = self.client.create_documentation_part(**self.api, location=location, properties='{"a":1}')
        return {**self.api, "documentationPartId": made["id"]}

    @cached_property
    def version(self):
        made = {**self.api, "documentationVersion": "v1"}
        self.client.create_documentation_version(**made)
        return made

    # Deployments and stages

    @cached_property
    def deployment(self):
        made = self.client.create_deployment(**self.integration_api)
        return {**self.api, "deploymentId": made["id"]}

    @cached_property
    def stage(self):
        self.client.create_stage(**self.deployment, stageName="dev")
        return {**self.api, "stageName": "dev"}

    @property
    def api_stage(self):
        return f"{self.stage['restApiId']}:{self.stage['stageName']}"

    # Keys and plans

    @cached_property
    def key(self):
        return a_key(self.client)

    @cached_property
    def plan(self):
        made = self.client.create_usage_plan(
            name=unique("contract"),
            throttle={"rateLimit": 5, "burstLimit": 2},
            quota={"limit": 100, "period": "DAY"},
        )
        return {"usagePlanId": made["id"]}

    @cached_property
    def covering_plan(self):
        stage = {"apiId": self.stage["restApiId"], "stage": self.stage["stageName"]}
        return {"usagePlanId": self.client.create_usage_plan(name="covering", apiStages=[stage])["id"]}

    @cached_property
    def plan_key(self):
        self.client.create_usage_plan_key(**self.plan, keyId=self.key.id, keyType="API_KEY")
        return {**self.plan, "keyId": self.key.id}

    @property
    def tagged(self):
        return f"arn:aws:apigateway:us-east-1::/usageplans/{self.plan['usagePlanId']}"

    # Names, links and certificates

    @cached_property
    def domain(self):
        name = unique("contract") + ".example.com"
        self.client.create_domain_name(domainName=name, certificateArn=CERTIFICATE)
        return {"domainName": name}

    @cached_property
    def new_domain(self):
        """A name that nobody has, also not another test on the same node."""
        return unique("made") + ".example.com"

    @cached_property
    def private_domain(self):
        policy = {"Version": "2012-10-17", "Statement": []}
        return self.client.create_domain_name(
            domainName=unique("private") + ".example.com",
            certificateArn=CERTIFICATE,
            endpointConfiguration={"types": ["PRIVATE"]},
            policy=json.dumps(policy),
        )

    @cached_property
    def association(self):
        return self.client.create_domain_name_access_association(
            domainNameArn=self.private_domain["domainNameArn"],
            accessAssociationSourceType="VPCE",
            accessAssociationSource=unique("vpce"),
        )

    @cached_property
    def mapping(self):
        self.client.create_base_path_mapping(**self.domain, **self.stage_served, basePath="v1")
        return {**self.domain, "basePath": "v1"}

    @property
    def stage_served(self):
        """The stage, as base path mappings name it."""
        return {"restApiId": self.stage["restApiId"], "stage": self.stage["stageName"]}

    @cached_property
    def link(self):
        return {"vpcLinkId": self.client.create_vpc_link(name="contract", targetArns=[LOAD_BALANCER])["id"]}

    @cached_property
    def certificate(self):
        made = self.client.generate_client_certificate(description="contract")
        return {"clientCertificateId": made["clientCertificateId"]}
