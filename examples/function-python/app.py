"""Answers calls that come through a proxy integration."""

import json
import os


def handler(event, context):
    answer = {
        "hello": event["pathParameters"]["name"],
        "greeting": os.environ["GREETING"],
        "function": context.function_name,
        "all": (event["multiValueQueryStringParameters"] or {}).get("tag"),
    }
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
        "body": json.dumps(answer),
    }
