"""Authorizers of user pools, through the real binary: tokens are made by PyJWT, with keys made for the test."""

import base64
import hashlib
import hmac
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from arrange import Api, a_key, a_plan, put_echo, unique, usage_becomes
from callers import LIMIT_EXCEEDED, call, crowd
from harness import poll

POOL = "eu-west-1_Pets"
OTHER = "eu-west-1_Toys"
UNAUTHORIZED = (401, "UnauthorizedException", b'{"message":"Unauthorized"}')
EXPIRED = (401, "UnauthorizedException", b'{"message":"The incoming token has expired"}')


class Key:
    """A key of a pool, of the kind that an algorithm takes."""

    def __init__(self, name, algorithm="RS256"):
        self.name, self.algorithm = name, algorithm
        is_rsa = algorithm == "RS256"
        self.private = rsa.generate_private_key(65537, 2048) if is_rsa else ec.generate_private_key(ec.SECP256R1())
        shown = (RSAAlgorithm if is_rsa else ECAlgorithm).to_jwk(self.private.public_key(), as_dict=True)
        shown.pop("key_ops", None)
        self.shown = {**shown, "kid": name, "use": "sig", "alg": algorithm}


class Pool:
    """A user pool: issues tokens, and shows its keys at an address that counts who asks."""

    def __init__(self, *keys):
        self.keys, self.asked, self.answers = list(keys), 0, True
        pool = self

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self):
                pool.asked += 1
                body = json.dumps({"keys": [key.shown for key in pool.keys]}).encode()
                self.send_response(200 if pool.answers else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}/pool"
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def claims(self, **changes):
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "joe", "aud": "app", "token_use": "id", "iat": now, "exp": now + 300}
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def token(self, key=None, headers=None, **changes):
        key = key or self.keys[0]
        headers = {name: value for name, value in {"kid": key.name, **(headers or {})}.items() if value is not None}
        return jwt.encode(self.claims(**changes), key.private, key.algorithm, headers)


class Guarded:
    """An API whose methods answer with the event of a function: `/open` wants an identity token, `/scoped` an access
    token."""

    def __init__(self, tollgate, client, pool=POOL, key_required=False, **authorizer):
        self.tollgate = tollgate
        made = client.create_rest_api(name=unique("api"))
        self.id, root = made["id"], made["rootResourceId"]
        self.authorizer = client.create_authorizer(
            restApiId=self.id, name="pool", type="COGNITO_USER_POOLS",
            providerARNs=[f"arn:aws:cognito-idp:eu-west-1:000000000000:userpool/{pool}"],
            identitySource="method.request.header.Authorization", **authorizer,
        )["id"]  # fmt: skip
        for path, scopes in (("open", []), ("scoped", ["pets/read", "pets/write"])):
            resource = client.create_resource(restApiId=self.id, parentId=root, pathPart=path)["id"]
            put_echo(
                client, self.id, resource, authorizationType="COGNITO_USER_POOLS", authorizerId=self.authorizer,
                authorizationScopes=scopes, apiKeyRequired=key_required,
            )  # fmt: skip
        client.create_deployment(restApiId=self.id, stageName="dev")
        self.api = Api(self.id, "dev", root, None)

    def call(self, token, path="/open", key=None):
        headers = {} if token is None else {"Authorization": token}
        return call(self.tollgate.gateway, self.api.path(path), key, headers=headers)


@pytest.fixture(scope="module")
def pool():
    pool = Pool(Key("one"), Key("two", "ES256"))
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def tollgate(starter, pool):
    pools = f'{{ {POOL} = {{ issuer = "{pool.issuer}" }} }}'
    tollgate = starter(TOLLGATE_USER_POOLS=pools)
    yield tollgate
    tollgate.end()


@pytest.fixture(scope="module")
def client(tollgate):
    return tollgate.client()


@pytest.fixture(scope="module")
def guarded(tollgate, client):
    return Guarded(tollgate, client)


@pytest.mark.parametrize("index", [0, 1], ids=["RS256", "ES256"])
def test_a_token_lets_its_owner_in_and_its_claims_reach_the_function(guarded, pool, index):
    groups, now = ["admins", "users"], int(time.time())
    token = pool.token(pool.keys[index], **{"cognito:groups": groups, "email_verified": True, "auth_time": now, "iat": now})
    for sent in (token, f"Bearer {token}"):
        answer = guarded.call(sent)
        assert answer.status == 200, answer
        claims = answer.json["requestContext"]["authorizer"]["claims"]
        assert (claims["sub"], claims["aud"], claims["iss"]) == ("joe", "app", pool.issuer)
        assert (claims["cognito:groups"], claims["email_verified"]) == ("admins,users", "true")
        assert claims["auth_time"] == str(now)
        assert claims["iat"] == time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(now))


def encoded(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def confused(pool):
    """A token with an HMAC, for which the public key is the secret."""
    key = pool.keys[0]
    pem = key.private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    message = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": key.name}, pool.claims()))
    return f"{message}.{encoded(hmac.digest(pem, message.encode(), hashlib.sha256))}"


def unsigned(pool):
    return jwt.encode(pool.claims(), None, "none", {"kid": pool.keys[0].name})


def tampered(pool):
    header, _, signature = pool.token().split(".")
    return ".".join([header, encoded(json.dumps(pool.claims(sub="root")).encode()), signature])


@pytest.mark.parametrize(
    "make",
    [
        lambda pool: pool.token(Key("one")),
        lambda pool: pool.token(Key("nobody's")),
        lambda pool: pool.token(headers={"kid": "two"}),
        lambda pool: pool.token(headers={"kid": None}),
        unsigned,
        confused,
        tampered,
        lambda pool: pool.token(iss=pool.issuer + "/other"),
        lambda pool: pool.token(iss=None),
        lambda pool: pool.token(exp=None),
        lambda pool: pool.token(nbf=int(time.time()) + 600),
        lambda pool: pool.token(iat=int(time.time()) + 600),
        lambda pool: pool.token(token_use="access", scope="pets/read"),
        lambda pool: pool.token(token_use=None),
        lambda pool: "Bearer",
        lambda pool: "x" * 4000,
        lambda pool: "",
        lambda pool: None,
    ],
    ids=[
        "wrong key", "unknown key", "key of another kind", "no key", "alg none", "public key as secret", "tampered",
        "wrong issuer", "no issuer", "no end", "not yet", "from the future", "access token", "no use", "no token",
        "no token at all", "empty", "missing",
    ],
)  # fmt: skip
def test_a_token_that_is_not_believed_is_refused(guarded, pool, make):
    assert guarded.call(make(pool)).refusal == UNAUTHORIZED


def test_a_token_that_was_good_is_said_to_have_expired(guarded, pool):
    assert guarded.call(pool.token(exp=int(time.time()) - 1)).refusal == EXPIRED
    assert guarded.call(pool.token(Key("one"), exp=int(time.time()) - 1)).refusal == UNAUTHORIZED, "it never was good"


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"token_use": "access", "scope": "pets/write openid", "aud": None, "client_id": "app"}, 200),
        ({"token_use": "access", "scope": "openid"}, 401),
        ({"token_use": "access", "scope": "pets/readwrite"}, 401),
        ({"token_use": "access"}, 401),
        ({"token_use": "id", "scope": "pets/read"}, 401),
    ],
)
def test_a_method_with_scopes_wants_one_of_them(guarded, pool, claims, status):
    assert guarded.call(pool.token(**claims), "/scoped").status == status


def test_the_audience_has_to_fit(tollgate, client, pool):
    guarded = Guarded(tollgate, client, identityValidationExpression="app-[0-9]+")
    wanted = {"app-1": 200, "app-": 401, "my-app-1": 401, "app-1x": 401}
    assert {aud: guarded.call(pool.token(aud=aud)).status for aud in wanted} == wanted
    assert guarded.call(pool.token(aud=["web", "app-2"])).status == 200


def test_an_authorizer_is_tried_with_a_token(client, guarded, pool):
    def test(token):
        headers = {"Authorization": token}
        return client.test_invoke_authorizer(restApiId=guarded.id, authorizerId=guarded.authorizer, headers=headers)

    said = test(pool.token())
    assert (said["clientStatus"], said["claims"]["sub"]) == (0, "joe")
    assert test("nonsense")["clientStatus"] == 401


def test_keys_are_rotated_and_a_flood_of_made_up_ones_asks_no_more(starter):
    pool = Pool(Key("old"))
    try:
        tollgate = starter(TOLLGATE_USER_POOLS=f'{{ {POOL} = {{ issuer = "{pool.issuer}" }} }}')
        guarded = Guarded(tollgate, tollgate.client())
        old, made_up, new = pool.token(), pool.token(Key("made up")), Key("new")
        begun = time.monotonic()
        flood = crowd(8, lambda _: [guarded.call(made_up).status for _ in range(10)])
        assert {status for some in flood for status in some} == {401}
        assert pool.asked <= 1 + (time.monotonic() - begun) // 5
        pool.keys.insert(0, new)
        poll(lambda: guarded.call(pool.token(new)).status == 200, within=10, what="the new key")
        assert guarded.call(old).status == 200
        asked = pool.asked
        assert [guarded.call(token).status for token in [old, pool.token(new)] * 10] == [200] * 20
        assert pool.asked == asked, "keys that are known are not asked for again"
        tollgate.end()
    finally:
        pool.close()


def test_without_the_keys_nobody_gets_in_and_it_is_logged_once(starter):
    pool = Pool(Key("one"))
    try:
        pool.answers = False
        tollgate = starter(TOLLGATE_USER_POOLS=f'{{ {OTHER} = {{ issuer = "{pool.issuer}" }} }}')
        guarded = Guarded(tollgate, tollgate.client(), OTHER)
        for _ in range(5):
            answer = guarded.call(pool.token())
            assert answer.refusal == (500, "AuthorizerFailureException", b'{"message":null}')
        assert tollgate.log().count("the keys of a user pool cannot be read") == 1
        pool.answers = True
        poll(lambda: guarded.call(pool.token()).status == 200, within=10, what="a pool that answers again")
        tollgate.end()
    finally:
        pool.close()


def test_calls_that_are_refused_cost_no_quota(tollgate, client, pool, one_day):
    guarded = Guarded(tollgate, client, key_required=True)
    plan = a_plan(client, guarded.api, quota={"limit": 10, "period": "DAY"})
    key, token, bad = a_key(client, plan), pool.token(), pool.token(Key("one"))
    refused = crowd(8, lambda _: [guarded.call(bad, key=key.value).status for _ in range(4)])
    assert {status for some in refused for status in some} == {401}
    usage_becomes(client, plan, key, (0, 10))
    answers = [answer for some in crowd(8, lambda _: [guarded.call(token, key=key.value) for _ in range(4)]) for answer in some]
    assert sum(answer.status == 200 for answer in answers) == 10
    assert {answer.refusal for answer in answers if answer.status != 200} == {LIMIT_EXCEEDED}
    usage_becomes(client, plan, key, (10, 0))
