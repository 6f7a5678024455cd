"""Fills a Tollgate to the size at which it is measured: APIs, plans and keys, in few calls."""

import json
from dataclasses import dataclass

APIS, RESOURCES, PLANS, KEYS = 500, 50, 1000, 100_000
STAGE = "prod"


@dataclass
class Population:
    """The ids of what is there."""

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


def fill(client):
    """Imports it all: each API is deployed, each plan covers one of the stages, each key is in one plan."""
    apis = [imported(client, f"api-{number}", RESOURCES) for number in range(APIS)]
    for api in apis:
        client.create_deployment(restApiId=api, stageName=STAGE)
    plans = [plan(client, f"plan-{number}", apis[number % APIS]) for number in range(PLANS)]
    rows = (f"key-{number},key-value-{number:018d},true,{plans[number % PLANS]}\n" for number in range(KEYS))
    body = "Name,Key,Enabled,UsagePlanIds\n" + "".join(rows)
    said = client.import_api_keys(body=body.encode(), format="csv", failOnWarnings=True)
    return Population(apis, plans, said["ids"])


def imported(client, title, resources):
    return client.import_rest_api(body=document(title, resources).encode())["id"]


def plan(client, name, api):
    return client.create_usage_plan(
        name=name,
        apiStages=[{"apiId": api, "stage": STAGE}],
        throttle={"rateLimit": 100, "burstLimit": 200},
        quota={"limit": 100_000, "period": "MONTH"},
    )["id"]
