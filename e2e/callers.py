"""Those who call: plain HTTP calls, crowds of clients, raw sockets, and signed management requests."""

import datetime
import http.client
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error_type(self):
        """What `x-amzn-ErrorType` says, without the address that AWS may append."""
        return (self.headers["x-amzn-ErrorType"] or "").split(":")[0]

    @property
    def message(self):
        return self.json.get("message")

    @property
    def refusal(self):
        """All that tells one refusal from another."""
        return self.status, self.error_type, self.body


FORBIDDEN = (403, "ForbiddenException", b'{"message":"Forbidden"}')
TOO_MANY_REQUESTS = (429, "TooManyRequestsException", b'{"message":"Too Many Requests"}')
LIMIT_EXCEEDED = (429, "LimitExceededException", b'{"message":"Limit Exceeded"}')
UNKNOWN_ROUTE = (403, "MissingAuthenticationTokenException", b'{"message":"Missing Authentication Token"}')


class Connection:
    """One connection of a caller, kept open between calls."""

    def __init__(self, address, timeout=30):
        self.http = http.client.HTTPConnection(*address, timeout=timeout)

    def call(self, path, key=None, method="GET", headers=None, body=None):
        sent = dict(headers or {})
        if key is not None:
            sent["X-API-Key"] = key
        self.http.request(method, path, body=body, headers=sent)
        answer = self.http.getresponse()
        return Answer(answer.status, answer.headers, answer.read())

    def close(self):
        self.http.close()


def call(address, path, key=None, method="GET", headers=None, body=None, timeout=30):
    """One call on a connection of its own."""
    connection = Connection(address, timeout)
    try:
        return connection.call(path, key, method, headers, body)
    finally:
        connection.close()


def crowd(size, work):
    """Runs `work(number)` for as many clients at once; the results, in order. What one raises is raised here."""
    with ThreadPoolExecutor(size) as pool:
        return [future.result() for future in [pool.submit(work, number) for number in range(size)]]


def rush(address, path, key, clients, calls_each, mark=None):
    """Many clients calling as fast as they can, each over one connection; all their answers."""
    headers = {"x-mark": mark} if mark else {}

    def work(_number):
        connection = Connection(address)
        try:
            return [connection.call(path, key, headers=headers) for _ in range(calls_each)]
        finally:
            connection.close()

    return [answer for answers in crowd(clients, work) for answer in answers]


def raw(address, payload, within=5.0, idle=0.5):
    """Sends bytes as they are; returns all that comes back until the other side closes or has been silent a while.

    `idle` is only waited for where the server keeps the connection open after its answer.
    """
    said = b""
    with socket.create_connection(address, timeout=within) as connection:
        with suppress(ConnectionError):
            connection.sendall(payload)
        deadline = time.monotonic() + within
        with suppress(OSError):
            while time.monotonic() < deadline:
                connection.settimeout(idle if said else max(0.01, deadline - time.monotonic()))
                piece = connection.recv(65536)
                if not piece:
                    break
                said += piece
    return said


def statuses(said):
    """The status codes of the answers in raw bytes."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", said)]


class Signer(SigV4Auth):
    """Signs as of a moment that need not be now."""

    def __init__(self, *args, moment):
        super().__init__(*args)
        self.moment = moment

    def add_auth(self, request):
        request.context["timestamp"] = self.moment.strftime("%Y%m%dT%H%M%SZ")
        self._modify_request_before_signing(request)
        canonical = self.canonical_request(request)
        text = self.string_to_sign(request, canonical)
        self._inject_signature_to_request(request, self.signature(text, request))


def signature(
    address,
    method,
    path,
    payload=b"",
    headers=None,
    access_key_id=ACCESS_KEY_ID,
    secret=SECRET_ACCESS_KEY,
    region=REGION,
    service="execute-api",
    age=0,
):
    """The headers of a request that was signed `age` seconds ago."""
    url = "http://{}:{}".format(*address) + path
    request = AWSRequest(method, url, data=payload, headers=dict(headers or {}))
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
    Signer(Credentials(access_key_id, secret), service, region, moment=moment).add_auth(request)
    return dict(request.headers.items())


def signed(tollgate, method, path, body=b"", headers=None, service="apigateway", tamper=None, **signing):
    """A signed management request; `tamper` may change the headers after they are signed."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Accept": "application/json", **(headers or {})}
    sent = signature(tollgate.management, method, path, payload, headers, service=service, **signing)
    if tamper:
        tamper(sent)
    return call(tollgate.management, path, method=method, headers=sent, body=payload, timeout=60)
