"""Builds what a test stands on: an API before an upstream, a plan, a key."""

import datetime
import uuid
from dataclasses import dataclass

from harness import poll

TODAY = object()


@dataclass
class Api:
    """A deployed API that passes everything to the upstream."""

    id: str
    stage: str
    root: str
    proxy: str

    def path(self, path="/pets"):
        return f"/restapis/{self.id}/{self.stage}/_user_request_{path}"

    @property
    def stage_of_plan(self):
        return {"apiId": self.id, "stage": self.stage}


@dataclass
class Key:
    id: str
    value: str


def unique(word="e2e"):
    return f"{word}-{uuid.uuid4().hex[:12]}"


def put_proxy(client, api_id, resource, url, method="ANY", key_required=True, timeout=29000):
    """Gives a `{proxy+}` resource a method that passes on all below it."""
    client.put_method(
        restApiId=api_id,
        resourceId=resource,
        httpMethod=method,
        authorizationType="NONE",
        apiKeyRequired=key_required,
        requestParameters={"method.request.path.proxy": True},
    )
    client.put_integration(
        restApiId=api_id,
        resourceId=resource,
        httpMethod=method,
        type="HTTP_PROXY",
        integrationHttpMethod=method,
        uri=url + "/{proxy}",
        timeoutInMillis=timeout,
        requestParameters={"integration.request.path.proxy": "method.request.path.proxy"},
    )


def put_http(client, api_id, resource, url, method="GET", key_required=True):
    client.put_method(
        restApiId=api_id, resourceId=resource, httpMethod=method, authorizationType="NONE", apiKeyRequired=key_required
    )
    client.put_integration(
        restApiId=api_id,
        resourceId=resource,
        httpMethod=method,
        type="HTTP_PROXY",
        integrationHttpMethod=method,
        uri=url,
    )


def put_echo(client, api_id, resource, **method):
    """Gives a resource a method that answers with the event that a function gets."""
    place = {"restApiId": api_id, "resourceId": resource, "httpMethod": "ANY"}
    client.put_method(**place, **method)
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/tollgate:echo/invocations"
    client.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)


def an_api(client, upstream, key_required=True, stage="dev", timeout=29000):
    made = client.create_rest_api(name=unique("api"))
    root = made["rootResourceId"]
    proxy = client.create_resource(restApiId=made["id"], parentId=root, pathPart="{proxy+}")["id"]
    put_proxy(client, made["id"], proxy, upstream.url, key_required=key_required, timeout=timeout)
    client.create_deployment(restApiId=made["id"], stageName=stage)
    return Api(made["id"], stage, root, proxy)


def integrated(client, *, key_required=False, parameters=(), variables=None, reply=None, api=None, **integration):
    """A deployed API whose one method, `ANY /things/{id}`, has an integration.

    `parameters` are those of the method, as `header.X-Mark`; `reply` are members of its integration response, which
    only integrations that map have.
    """
    made = client.create_rest_api(name=unique("api"), **(api or {}))
    parent = client.create_resource(restApiId=made["id"], parentId=made["rootResourceId"], pathPart="things")["id"]
    things = client.create_resource(restApiId=made["id"], parentId=parent, pathPart="{id}")["id"]
    method = {"restApiId": made["id"], "resourceId": things, "httpMethod": "ANY"}
    client.put_method(
        **method,
        authorizationType="NONE",
        apiKeyRequired=key_required,
        requestParameters={f"method.request.{name}": False for name in ("path.id", *parameters)},
    )
    client.put_integration(**method, **{"integrationHttpMethod": "POST", **integration})
    if not integration["type"].endswith("_PROXY"):
        client.put_method_response(**method, statusCode="200")
        client.put_integration_response(**method, statusCode="200", **(reply or {}))
    client.create_deployment(restApiId=made["id"], stageName="dev", variables=variables or {})
    return Api(made["id"], "dev", made["rootResourceId"], things)


def a_plan(client, *apis, throttle=None, quota=None, method_throttle=None):
    limits = {name: value for name, value in (("throttle", throttle), ("quota", quota)) if value}
    stages = [{**api.stage_of_plan, **({"throttle": method_throttle} if method_throttle else {})} for api in apis]
    return client.create_usage_plan(name=unique("plan"), apiStages=stages, **limits)["id"]


def a_key(client, *plans, **members):
    made = client.create_api_key(**{"name": unique("key"), "enabled": True, **members})
    for plan in plans:
        client.create_usage_plan_key(usagePlanId=plan, keyId=made["id"], keyType="API_KEY")
    return Key(made["id"], made["value"])


def replace(path, value):
    return {"op": "replace", "path": path, "value": str(value)}


def change_plan(client, plan, *operations):
    return client.update_usage_plan(usagePlanId=plan, patchOperations=list(operations))


def today():
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def usage(client, plan, key):
    """What GetUsage says of today: (used, remaining)."""
    days = client.get_usage(usagePlanId=plan, keyId=key.id, startDate=today(), endDate=today())["items"]
    return tuple(days[key.id][0])


def usage_becomes(client, plan, key, expected):
    """GetUsage answers within a second of the call it counts."""
    last = None

    def settled():
        nonlocal last
        last = usage(client, plan, key)
        return last == expected

    try:
        poll(settled, within=1.0)
    except AssertionError:
        raise AssertionError(f"GetUsage says {last} a second after the last call, not {expected}") from None
