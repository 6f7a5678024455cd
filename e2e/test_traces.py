"""Traces of calls, as a collector gets them: decoded by OpenTelemetry's own definitions."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import arrange
from callers import call
from harness import poll

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """Takes traces by OTLP over HTTP."""

    def __init__(self):
        self.spans, self.services = [], set()
        collector = self

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf":
                    collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, request):
        for resource in request.resource_spans:
            self.services |= {a.value.string_value for a in resource.resource.attributes if a.key == "service.name"}
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def collector():
    server = Collector()
    yield server
    server.close()


def attributes(span):
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


def traceparent_at(upstream):
    """What the last request was told."""
    return dict(upstream.received[-1].headers).get("traceparent")


def test_a_call_is_a_span_of_its_callers_trace_and_its_upstream_hangs_below(start, own_upstream, collector):
    tollgate = start(TOLLGATE_TRACES__ENDPOINT=collector.url)
    client = tollgate.client()
    api = arrange.an_api(client, own_upstream, key_required=False)
    answer = call(tollgate.gateway, api.path(), headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    told = traceparent_at(own_upstream)
    tollgate.stop()
    assert len(collector.spans) == 2 and collector.services == {"tollgate"}
    server, integration = sorted(collector.spans, key=lambda span: span.kind)
    assert {span.trace_id.hex() for span in collector.spans} == {TRACE}
    assert (server.parent_span_id.hex(), integration.parent_span_id) == (PARENT, server.span_id)
    assert told == f"00-{TRACE}-{integration.span_id.hex()}-01"
    assert server.name == "GET /{proxy+}"
    assert server.start_time_unix_nano <= integration.start_time_unix_nano
    assert integration.end_time_unix_nano <= server.end_time_unix_nano
    named = attributes(server)
    assert named["tollgate.request_id"] == answer.headers["x-amzn-requestid"]
    assert (named["tollgate.api"], named["http.response.status_code"]) == (api.id, 200)


def test_a_refused_call_says_why_and_asked_no_integration(start, upstream, collector):
    tollgate = start(TOLLGATE_TRACES__ENDPOINT=collector.url)
    api = arrange.an_api(tollgate.client(), upstream)
    call(tollgate.gateway, api.path(), "no such key")
    tollgate.stop()
    (span,) = collector.spans
    assert attributes(span)["tollgate.refusal"] == "INVALID_API_KEY" and not span.parent_span_id
    assert "no such key" not in str(span)


def test_only_what_is_to_be_kept_is_traced(start, own_upstream, collector):
    tollgate = start(TOLLGATE_TRACES__ENDPOINT=collector.url, TOLLGATE_TRACES__RATIO="0")
    api = arrange.an_api(tollgate.client(), own_upstream, key_required=False)
    unsampled = f"00-{TRACE}-{PARENT}-00"
    call(tollgate.gateway, api.path())
    call(tollgate.gateway, api.path(), headers={"traceparent": unsampled})
    assert traceparent_at(own_upstream) == unsampled
    call(tollgate.gateway, api.path(), headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
    tollgate.stop()
    assert len(collector.spans) == 2


def test_a_collector_that_is_away_costs_nobody_anything(start, upstream, collector):
    collector.close()
    tollgate = start(TOLLGATE_TRACES__ENDPOINT=collector.url)
    api = arrange.an_api(tollgate.client(), upstream, key_required=False)
    assert {call(tollgate.gateway, api.path()).status for _ in range(20)} == {200}
    assert poll(lambda: tollgate.stop() == 0, within=30)
