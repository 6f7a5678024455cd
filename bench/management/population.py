"""Fills a Tollgate to the size at which it is measured: APIs, plans and keys, in few calls."""

import json
from dataclasses import dataclass

STAGE = "prod"


@dataclass(frozen=True)
class Size:
    """How many of each; resources are those of each API."""

    apis: int = 500
    resources: int = 50
    plans: int = 1000
    keys: int = 100_000


@dataclass
class Population:
    """How much is there, and the ids of it."""

    size: Size
    apis: list
    plans: list
    keys: list


def document(title, resources):
    """An OpenAPI document with `GET` on as many resources, the root among them."""
    method = {
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-api-key-required": True,
        "x-amazon-apigateway-integration": {
            "type": "http_proxy",
            "httpMethod": "GET",
            "uri": "http://127.0.0.1:9/",
            "timeoutInMillis": 1000,
        },
    }
    paths = {f"/path-{number}": {"get": method} for number in range(resources - 1)}
    return json.dumps({"openapi": "3.0.1", "info": {"title": title, "version": "1"}, "paths": paths})


def fill(client, size):
    """Imports it all: each API is deployed, each plan covers one of the stages, each key is in one plan."""
    apis = [imported(client, f"api-{number}", size.resources) for number in range(size.apis)]
    for api in apis:
        client.create_deployment(restApiId=api, stageName=STAGE)
    plans = [plan(client, f"plan-{number}", apis[number % size.apis]) for number in range(size.plans)]
    rows = (f"key-{number},key-value-{number:018d},true,{plans[number % size.plans]}\n" for number in range(size.keys))
    body = "Name,Key,Enabled,UsagePlanIds\n" + "".join(rows)
    said = client.import_api_keys(body=body.encode(), format="csv", failOnWarnings=True)
    return Population(size, apis, plans, said["ids"])


def imported(client, title, resources):
    return client.import_rest_api(body=document(title, resources).encode())["id"]


def plan(client, name, api):
    return client.create_usage_plan(
        name=name,
        apiStages=[{"apiId": api, "stage": STAGE}],
        throttle={"rateLimit": 100, "burstLimit": 200},
        quota={"limit": 100_000, "period": "MONTH"},
    )["id"]
