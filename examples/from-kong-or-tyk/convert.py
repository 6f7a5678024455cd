#!/usr/bin/env python3
"""Turns what Kong or Tyk has into what Tollgate takes: a template of an API and its plans, and keys as CSV.

    convert.py kong.yml OUT     a declarative file of Kong, or what `deck gateway dump` wrote
    convert.py tyk.json OUT     Tyk's APIs, policies and keys, as its API answers them, in one file

OUT/template.json is for `tollgate deploy`; its outputs are the ids of the plans. In OUT/keys.csv plans stand by the names
of those outputs, as @Plan1@. What has no counterpart is told, and left out.
"""

import csv
import json
import math
import os
import sys
from pathlib import Path

STAGE = "live"
SECONDS = {"second": 1, "minute": 60, "hour": 3600}
#: Tollgate's periods, by the shortest and the longest span in days that means them.
PERIODS = [("DAY", 1, 1), ("WEEK", 7, 7), ("MONTH", 28, 31)]


def tell(text):
    print(f"left out: {text}")


class Conversion:
    """What was found so far: paths of the API, plans by their limits, keys."""

    def __init__(self):
        self.paths, self.plans, self.keys = {}, {}, []

    def route(self, path, upstream, needs_key, methods=None):
        """Passes a path and all below it on to an upstream."""
        base = "/" + path.strip("/")
        self.operation(base, upstream, needs_key, methods)
        self.operation(base.rstrip("/") + "/{proxy+}", upstream.rstrip("/") + "/{proxy}", needs_key, methods)

    def operation(self, path, uri, needs_key, methods):
        proxied = path.endswith("{proxy+}")
        for method in methods or ["ANY"]:
            integration = {"type": "http_proxy", "httpMethod": method, "uri": uri}
            operation = {"responses": {}, "x-amazon-apigateway-integration": integration}
            if proxied:
                operation["parameters"] = [
                    {"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}
                ]
                integration["requestParameters"] = {"integration.request.path.proxy": "method.request.path.proxy"}
            if needs_key:
                operation["security"] = [{"api_key": []}]
            verb = "x-amazon-apigateway-any-method" if method == "ANY" else method.lower()
            self.paths.setdefault(path, {})[verb] = operation

    def plan(self, limits):
        """The plan of these limits, by the name of its output: whoever has the same limits shares it."""
        told = json.dumps(limits, sort_keys=True)
        return self.plans.setdefault(told, f"Plan{len(self.plans) + 1}")

    def key(self, name, value, plan, description="", enabled=True):
        if not 20 <= len(value) <= 128:
            tell(f"a key of {name}: values have 20 to 128 characters, this one has {len(value)}")
            return
        self.keys.append([name, value, description, str(enabled).lower(), f"@{plan}@" if plan else ""])

    def write(self, folder, title):
        folder.mkdir(parents=True, exist_ok=True)
        document = {
            "openapi": "3.0.1",
            "info": {"title": title, "version": "1"},
            "paths": self.paths,
            "components": {"securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}},
        }
        resources = {
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": title, "Body": document}},
            "Stage": {
                "Type": "AWS::ApiGateway::Deployment",
                "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": STAGE},
            },
        }
        for told, name in self.plans.items():
            stages = [{"ApiId": {"Ref": "Api"}, "Stage": STAGE}]
            properties = {"UsagePlanName": f"{title}-{name}", "ApiStages": stages, **json.loads(told)}
            resources[name] = {"Type": "AWS::ApiGateway::UsagePlan", "DependsOn": "Stage", "Properties": properties}
        outputs = {name: {"Value": {"Ref": name}} for name in self.plans.values()}
        (folder / "template.json").write_text(json.dumps({"Resources": resources, "Outputs": outputs}, indent=2))
        # Values of keys are secrets.
        with open(os.open(folder / "keys.csv", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["Name", "Key", "Description", "Enabled", "UsagePlanIds"])
            writer.writerows(self.keys)
        print(f"{title}: {len(self.paths)} paths, {len(self.plans)} plans, {len(self.keys)} keys")


def limits(rates, quota):
    """A plan's limits, of `(calls, seconds)` pairs and one `(calls, days)`; the tightest rate holds."""
    told = {}
    if rates:
        calls, seconds = min(rates, key=lambda rate: rate[0] / rate[1])
        told["Throttle"] = {"RateLimit": calls / seconds, "BurstLimit": math.ceil(calls)}
    if quota:
        calls, days = quota
        period = next((name for name, shortest, longest in PERIODS if shortest <= days <= longest), None)
        if period:
            told["Quota"] = {"Limit": calls, "Period": period}
        else:
            tell(f"a quota of {calls} calls in {days:g} days: periods are a day, a week or a month")
    return told


def kong_limits(config):
    rates = [(config[name], seconds) for name, seconds in SECONDS.items() if config.get(name)]
    if config.get("year"):
        tell(f"a limit of {config['year']} calls a year: the longest period is a month")
    if config.get("day") and config.get("month"):
        tell(f"a limit of {config['day']} calls a day beside one a month: a plan has one quota")
    quota = (config["month"], 30) if config.get("month") else (config["day"], 1) if config.get("day") else None
    return limits(rates, quota)


def kong(found):
    made = Conversion()
    known = ("key-auth", "rate-limiting")
    everywhere = {plugin["name"]: plugin for plugin in found.get("plugins", []) if not plugin.get("consumer")}
    usual = None
    for service in found.get("services", []):
        upstream = service.get("url") or "{}://{}:{}{}".format(
            service.get("protocol", "http"), service["host"], service.get("port", 80), service.get("path") or ""
        )
        of_service = {**everywhere, **{plugin["name"]: plugin for plugin in service.get("plugins", [])}}
        for route in service.get("routes", []):
            plugins = {**of_service, **{plugin["name"]: plugin for plugin in route.get("plugins", [])}}
            for name in sorted(plugins.keys() - set(known)):
                tell(f"the plugin {name} of the route {route.get('name')}")
            if "rate-limiting" in plugins:
                usual = usual or kong_limits(plugins["rate-limiting"]["config"])
            for path in route.get("paths", []):
                if path.startswith("~"):
                    tell(f"the path {path} of the route {route.get('name')}: it is a regular expression")
                    continue
                below = "" if route.get("strip_path", True) else path
                made.route(path, upstream.rstrip("/") + below, "key-auth" in plugins, route.get("methods"))
    of_consumer = {plugin.get("consumer"): plugin for plugin in found.get("plugins", []) if plugin.get("consumer")}
    for consumer in found.get("consumers", []):
        name = consumer.get("username") or consumer.get("custom_id")
        own = [plugin for plugin in consumer.get("plugins", []) if plugin["name"] == "rate-limiting"]
        own += [of_consumer[name]] if of_consumer.get(name, {}).get("name") == "rate-limiting" else []
        plan = made.plan(kong_limits(own[0]["config"]) if own else usual or {})
        about = f"Kong's {consumer['custom_id']}" if consumer.get("custom_id") else ""
        for credential in consumer.get("keyauth_credentials", []):
            made.key(name, credential["key"], plan, about)
    return made


def tyk(found):
    made = Conversion()
    for api in found["apis"]:
        proxy = api["proxy"]
        below = "" if proxy.get("strip_listen_path", True) else proxy["listen_path"]
        made.route(proxy["listen_path"], proxy["target_url"].rstrip("/") + below, not api.get("use_keyless"))
    policies = {}
    for name, policy in found["policies"].items():
        rates = [(policy["rate"], policy["per"])] if policy.get("rate", -1) > 0 and policy.get("per", 0) > 0 else []
        lasts = policy.get("quota_renewal_rate", 0) / 86400
        quota = (policy["quota_max"], lasts) if policy.get("quota_max", -1) > 0 else None
        policies[name] = made.plan(limits(rates, quota))
        if len(policy.get("access_rights", {})) < len(found["apis"]):
            tell(f"what the policy {name} does not allow: its plan covers all APIs of the file")
    for key in found["keys"]:
        names = key.get("apply_policies") or [key.get("apply_policy_id")]
        if len(names) > 1:
            tell(f"further policies of the key {key.get('alias')}: a key has one plan of a stage")
        made.key(key.get("alias") or "", key["key"], policies.get(names[0]), "", not key.get("is_inactive"))
    return made


def read(path):
    text = Path(path).read_text()
    if path.endswith(".json"):
        return json.loads(text)
    try:
        import yaml
    except ImportError:
        sys.exit("YAML needs PyYAML (pip install pyyaml); or write JSON: deck gateway dump --format json")
    return yaml.safe_load(text)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    found = read(sys.argv[1])
    is_tyk = "apis" in found
    (tyk if is_tyk else kong)(found).write(Path(sys.argv[2]), "from-tyk" if is_tyk else "from-kong")
