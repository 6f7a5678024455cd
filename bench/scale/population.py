"""Keys in numbers, as files that ImportApiKeys takes."""

import time

# Rows in a file: what fits the largest that is taken.
ROWS = 100_000


def plan(client):
    """A usage plan with a throttle and a quota. Returns its id."""
    throttle, quota = {"rateLimit": 100.0, "burstLimit": 200}, {"limit": 1_000_000, "period": "MONTH"}
    return client.create_usage_plan(name="scale", throttle=throttle, quota=quota)["id"]


def file(plan_id, first, count):
    """A file of as many keys, each in the plan."""
    rows = [f"key-{index:07},scale-key-{index:07}-0123456789abcdef,true,{plan_id}" for index in range(first, first + count)]
    return "\n".join(["name,key,enabled,usageplanIds", *rows]).encode()


def import_keys(client, plan_id, count, told=lambda text: None):
    """Imports as many keys. Returns how many seconds the calls took."""
    seconds = 0.0
    for first in range(0, count, ROWS):
        body = file(plan_id, first, min(ROWS, count - first))
        began = time.monotonic()
        made = client.import_api_keys(body=body, format="csv", failOnWarnings=True)
        took = time.monotonic() - began
        seconds += took
        told(f"{first + len(made['ids']):,} keys, the last {len(made['ids']) / took:,.0f} a second")
    return seconds
