"""Integrations that map: templates, answers that are compressed, and services that nobody set an endpoint for."""

import gzip
import json
import zlib

import pytest

from arrange import unique
from callers import call

JSON = "application/json"


def a_mock(client, request, response, **api):
    """A deployed API whose root answers by itself."""
    made = client.create_rest_api(name=unique("api"), **api)
    method = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "POST"}
    client.put_method(**method, authorizationType="NONE")
    client.put_integration(**method, type="MOCK", requestTemplates={JSON: request})
    client.put_method_response(**method, statusCode="200")
    client.put_integration_response(**method, statusCode="200", responseTemplates={JSON: response})
    client.create_deployment(restApiId=made["id"], stageName="dev", variables={"tier": "gold"})
    return f"/restapis/{made['id']}/dev/_user_request_/"


def test_a_mock_answers_from_the_call_itself(client, tollgate):
    path = a_mock(
        client,
        "{\"statusCode\": #if($input.path('$.n') > 1)200#{else}500#end}",
        "#set($context.responseOverride.header.X-Stage = $context.stage)"
        "{\"tier\": \"$stageVariables.tier\", \"q\": \"$input.params('q')\", \"h\": \"$input.params('X-Mixed')\"}",
    )
    answer = call(tollgate.gateway, path + "?q=a%20b", method="POST", body=b'{"n": 2}', headers={"X-Mixed": "1"})
    assert answer.status == 200
    assert answer.json == {"tier": "gold", "q": "a b", "h": "1"}
    assert answer.headers["x-stage"] == "dev"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_an_answer_is_compressed_for_a_caller_who_takes_it_so(client, tollgate, coding):
    path = a_mock(client, '{"statusCode": 200}', json.dumps({"text": "x" * 5000}), minimumCompressionSize=1000)
    answer = call(tollgate.gateway, path, method="POST", body=b"{}", headers={"Accept-Encoding": coding})
    assert answer.headers["content-encoding"] == coding
    expand = gzip.decompress if coding == "gzip" else zlib.decompress
    assert len(answer.body) < 1000 and json.loads(expand(answer.body)) == {"text": "x" * 5000}
    plain = call(tollgate.gateway, path, method="POST", body=b"{}")
    assert "content-encoding" not in plain.headers and plain.json == {"text": "x" * 5000}


def test_a_compressed_request_is_expanded_within_bounds(client, tollgate):
    path = a_mock(client, "{\"statusCode\": $input.path('$.s')}", "ok", minimumCompressionSize=0)
    headers = {"Content-Encoding": "gzip"}
    body = gzip.compress(b'{"s": 200}')
    assert call(tollgate.gateway, path, method="POST", body=body, headers=headers).status == 200
    bomb = gzip.compress(b" " * 50_000_000)
    assert call(tollgate.gateway, path, method="POST", body=bomb, headers=headers).status == 413
