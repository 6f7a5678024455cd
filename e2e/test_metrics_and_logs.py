"""What an operator sees from outside: metrics as Prometheus reads them, and the access logs of stages."""

import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

import arrange
from callers import call
from harness import poll

LOG_GROUP = "arn:aws:logs:eu-central-1:000000000000:log-group:pets"
FORMAT = json.dumps(
    {
        "id": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "agent": "$context.identity.userAgent",
        "key": "$context.identity.apiKey",
        "keyId": "$context.identity.apiKeyId",
        "verb": "$context.httpMethod",
        "path": "$context.path",
        "resource": "$context.resourcePath",
        "status": "$context.status",
        "length": "$context.responseLength",
        "latency": "$context.responseLatency",
        "integration": "$context.integrationStatus",
        "type": "$context.error.responseType",
        "waf": "$context.waf.status",
    }
)


def samples(tollgate, **headers):
    status, text = scrape(tollgate, **headers)
    assert status == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(tollgate, **headers):
    answer = call(tollgate.management, "/metrics", headers=headers)
    return answer.status, answer.body.decode()


def value(read, name, **labels):
    return read.get((name, frozenset(labels.items())), 0)


def log_calls(client, api, arn=LOG_GROUP, line=FORMAT):
    client.update_stage(
        restApiId=api.id,
        stageName=api.stage,
        patchOperations=[
            {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": arn},
            {"op": "replace", "path": "/accessLogSettings/format", "value": line},
        ],
    )


@pytest.fixture
def logged(start, upstream):
    """A Tollgate that logs to files, with an API, a plan and a key."""
    tollgate = start(TOLLGATE_ACCESS_LOG__TO="files")
    client = tollgate.client()
    api = arrange.an_api(client, upstream)
    plan = arrange.a_plan(client, api, throttle={"rateLimit": 1e-6, "burstLimit": 3}, quota={"limit": 9, "period": "DAY"})
    return tollgate, client, api, plan, arrange.a_key(client, plan)


def lines(tollgate, count, group="pets"):
    file = tollgate.data_dir / "access-logs" / f"{group}.log"
    return poll(lambda: file.exists() and len(read := file.read_text().splitlines()) >= count and read, within=5)


def test_calls_are_counted_by_stage_method_and_plan(logged):
    tollgate, _, api, plan, key = logged
    for _ in range(5):
        call(tollgate.gateway, api.path(), key.value)
    call(tollgate.gateway, api.path(), "no such key at all, is it")
    call(tollgate.gateway, "/nowhere")
    read = samples(tollgate)
    stage = {"api": api.id, "stage": api.stage}
    method = {**stage, "method": "ANY", "resource": "/{proxy+}"}
    assert value(read, "tollgate_requests_total", **method, **{"class": "2xx"}) == 3
    assert value(read, "tollgate_requests_total", **method, **{"class": "4xx"}) == 3
    assert value(read, "tollgate_refusals_total", **method, type="THROTTLED") == 2
    assert value(read, "tollgate_refusals_total", **method, type="INVALID_API_KEY") == 1
    assert value(read, "tollgate_calls_total", **{"class": "4xx"}) == 4
    assert value(read, "tollgate_plan_calls_total", plan=plan, outcome="admitted") == 3
    assert value(read, "tollgate_plan_calls_total", plan=plan, outcome="throttled") == 2
    assert value(read, "tollgate_request_duration_seconds_count", **stage) == 6
    assert value(read, "tollgate_request_duration_seconds_bucket", **stage, le="+Inf") == 6
    assert value(read, "tollgate_integration_duration_seconds_count", **stage) == 3
    assert value(read, "tollgate_api_keys", state="enabled") == 1
    assert any(name == "tollgate_build_info" for name, _ in read)
    assert value(read, "tollgate_ledger_up") == 1
    assert value(read, "tollgate_lease_waits_total") >= 1, "a key's first call waits for its lease"
    assert 0 <= value(read, "tollgate_ledger_flush_lag_seconds") < 30


def test_no_metric_names_a_key(logged):
    tollgate, _, api, _, key = logged
    call(tollgate.gateway, api.path(), key.value)
    _, text = scrape(tollgate)
    assert key.id not in text and key.value not in text


def test_what_was_refused_by_the_quota_agrees_with_usage(start, upstream):
    tollgate = start()
    client = tollgate.client()
    api = arrange.an_api(client, upstream)
    plan = arrange.a_plan(client, api, quota={"limit": 4, "period": "DAY"})
    key = arrange.a_key(client, plan)
    statuses = [call(tollgate.gateway, api.path(), key.value).status for _ in range(7)]
    assert statuses == [200] * 4 + [429] * 3
    read = samples(tollgate)
    counted = {outcome: value(read, "tollgate_plan_calls_total", plan=plan, outcome=outcome)
               for outcome in ("admitted", "throttled", "quota_exceeded")}  # fmt: skip
    assert counted == {"admitted": 4, "throttled": 0, "quota_exceeded": 3}
    arrange.usage_becomes(client, plan, key, (4, 0))


def test_methods_beyond_the_bound_are_counted_with_their_stage(start, upstream):
    tollgate = start(TOLLGATE_METRICS__MAX_METHODS="1")
    client = tollgate.client()
    apis = [arrange.an_api(client, upstream, key_required=False) for _ in range(3)]
    for api in apis:
        call(tollgate.gateway, api.path())
    read = samples(tollgate)
    named = [dict(labels) for (name, labels), _ in read.items() if name == "tollgate_requests_total"]
    assert sorted(labels["resource"] for labels in named) == ["", "", "/{proxy+}"]


def test_a_token_keeps_metrics_to_those_who_have_it(start):
    tollgate = start(TOLLGATE_METRICS__TOKEN="a token")
    assert scrape(tollgate)[0] == 401
    assert scrape(tollgate, Authorization="Bearer a toke")[0] == 401
    assert samples(tollgate, Authorization="Bearer a token")


def test_a_call_has_a_line_in_its_stages_own_format(logged):
    tollgate, client, api, _, key = logged
    log_calls(client, api)
    agent = 'quoted "agent" \\ and more'
    answers = [call(tollgate.gateway, api.path("/pets/1?q=2"), key.value, headers={"User-Agent": agent})
               for _ in range(4)]  # fmt: skip
    read = [json.loads(line) for line in lines(tollgate, 4)]
    assert [line["id"] for line in read] == [answer.headers["x-amzn-requestid"] for answer in answers]
    assert [line["status"] for line in read] == ["200", "200", "200", "429"]
    served, refused = read[0], read[3]
    assert served["agent"] == agent and served["ip"] == "127.0.0.1" and served["waf"] == "-"
    assert (served["keyId"], served["key"]) == (key.id, f"****{key.value[-6:]}")
    assert (served["verb"], served["path"], served["resource"]) == ("GET", "/dev/pets/1", "/{proxy+}")
    assert served["length"] == str(len(answers[0].body)) and re.fullmatch(r"\d+", served["latency"])
    assert (served["integration"], served["type"]) == ("200", "-")
    assert (refused["integration"], refused["type"]) == ("-", "THROTTLED")


def test_a_streamed_answer_is_measured_to_its_end(logged, upstream):
    tollgate, client, api, _, key = logged
    log_calls(client, api)
    answer = call(tollgate.gateway, api.path("/bytes/300000"), key.value)
    (line,) = map(json.loads, lines(tollgate, 1))
    assert line["length"] == str(len(answer.body))


def test_a_line_is_a_line_whatever_a_caller_sends(logged):
    tollgate, client, api, _, key = logged
    log_calls(client, api, line="$context.requestId $context.path $context.identity.userAgent")
    call(tollgate.gateway, api.path("/a%0Ab"), key.value, headers={"User-Agent": "tab\there"})
    (line,) = lines(tollgate, 1)
    assert line.endswith("/dev/a%0Ab tab\\u0009here")


def test_logs_stay_in_their_folder_and_outlive_being_moved_away(logged):
    tollgate, client, api, _, key = logged
    log_calls(client, api, arn="arn:aws:logs:eu-central-1:000000000000:log-group:../../out")
    call(tollgate.gateway, api.path(), key.value)
    lines(tollgate, 1, group="..%2F..%2Fout")
    file = tollgate.data_dir / "access-logs" / "..%2F..%2Fout.log"
    file.rename(file.with_suffix(".1"))
    call(tollgate.gateway, api.path(), key.value)
    assert len(lines(tollgate, 1, group="..%2F..%2Fout")) == 1


def test_the_last_lines_are_written_when_the_process_stops(logged):
    tollgate, client, api, _, key = logged
    log_calls(client, api)
    for _ in range(3):
        call(tollgate.gateway, api.path(), key.value)
    assert tollgate.stop() == 0
    assert len((tollgate.data_dir / "access-logs" / "pets.log").read_text().splitlines()) == 3
