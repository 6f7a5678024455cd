"""A quota is exact whatever answers the calls: 64 clients, 500 calls, for every kind of integration."""

import pytest

from arrange import a_key, a_plan, integrated, unique, usage_becomes
from callers import LIMIT_EXCEEDED, rush
from test_functions_behind_plans import KINDS, ROLE, create

LIMIT, CLIENTS, CALLS_EACH = 500, 64, 10
HEADER = "integration.request.header.x-mark"
MARKED = {"parameters": ["header.x-mark"], "requestParameters": {HEADER: "method.request.header.x-mark"}}
LAMBDA = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"
#: A mapped function gets no proxy event unless its template makes one.
EVENT = {"application/json": '{"path": "$context.path", "queryStringParameters": null, "httpMethod": "GET"}'}


def http(uri, _function):
    return {"type": "HTTP", "integrationHttpMethod": "GET", "uri": uri, **MARKED}


def http_proxy(uri, _function):
    return {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": uri}


def mock(_uri, _function):
    return {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


def service(_uri, _function):
    return {"type": "AWS", "uri": "arn:aws:apigateway:us-east-1:sqs:path/queue", "credentials": ROLE, **MARKED}


def function(_uri, function):
    return {"type": "AWS", "uri": LAMBDA.format(function()), "requestTemplates": EVENT}


def function_proxy(_uri, function):
    return {"type": "AWS_PROXY", "uri": LAMBDA.format(function())}


#: Each kind, and whether the upstream of the test receives its calls.
INTEGRATIONS = [
    (http, True),
    (http_proxy, True),
    (mock, False),
    (service, True),
    (function, False),
    (function_proxy, False),
]


@pytest.fixture(scope="module")
def serviced(starter, upstream):
    """A Tollgate that finds a service of AWS at the upstream."""
    tollgate = starter(TOLLGATE_SERVICE_ENDPOINTS__SQS=upstream.url)
    yield tollgate
    tollgate.end()


@pytest.mark.parametrize(("kind", "arrives"), INTEGRATIONS, ids=[kind.__name__ for kind, _ in INTEGRATIONS])
def test_64_clients_are_admitted_500_times(serviced, upstream, one_day, tmp_path, kind, arrives):
    client = serviced.client()

    def function():
        return create(serviced, FunctionName=unique("fn"), Role=ROLE, Timeout=30, **KINDS["python"](tmp_path))

    api = integrated(client, key_required=True, **kind(upstream.url + "/things", function))
    plan = a_plan(client, api, quota={"limit": LIMIT, "period": "DAY"})
    key, mark = a_key(client, plan), unique()
    answers = rush(serviced.gateway, api.path("/things/7"), key.value, CLIENTS, CALLS_EACH, mark)
    statuses = [answer.status for answer in answers]
    assert (statuses.count(200), statuses.count(429)) == (LIMIT, CLIENTS * CALLS_EACH - LIMIT), set(statuses)
    assert {answer.refusal for answer in answers if answer.status == 429} == {LIMIT_EXCEEDED}
    if arrives:
        assert upstream.marked(mark) == LIMIT
    usage_becomes(client, plan, key, (LIMIT, 0))
