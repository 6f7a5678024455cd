"""TLS and HTTP/2 on both listeners, seen by clients that were not made for it: curl, Python's ssl, boto3."""

import json
import shutil
import signal
import socket
import ssl
import subprocess

import boto3
import pytest

from arrange import an_api
from certificate import self_signed
from harness import ACCESS_KEY_ID, BINARY, REGION, SECRET_ACCESS_KEY, environment, poll

curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def certify(folder, file, *names):
    return self_signed(folder, file, *(f"DNS:{name}" for name in names), "IP:127.0.0.1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def secured(starter, folder):
    pairs = [certify(folder, "first", "localhost"), certify(folder, "second", "*.shop.test")]
    listed = ", ".join(f'{{ chain = "{chain}", key = "{key}" }}' for chain, key in pairs)
    tollgate = starter(
        TOLLGATE_GATEWAY_TLS="127.0.0.1:0",
        TOLLGATE_MANAGEMENT_TLS="127.0.0.1:0",
        TOLLGATE_TLS__CERTIFICATES=f"[{listed}]",
    )
    yield tollgate
    tollgate.end()


@pytest.fixture(scope="module")
def open_api(secured, upstream):
    return an_api(secured.client(), upstream, key_required=False)


def shown(address, host):
    """The certificate that is shown to who asks for a host, in PEM."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(address, timeout=10) as connection:
        with context.wrap_socket(connection, server_hostname=host) as stream:
            return ssl.DER_cert_to_PEM_cert(stream.getpeercert(binary_form=True))


def pem(path):
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(path.read_text()))


def fetch(url, *options):
    """What curl says: the version of HTTP, the status, the body."""
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "10", "--write-out", "\n%{http_version} %{http_code}"]
        + [*options, url],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    body, _, said = done.stdout.rpartition("\n")
    version, status = said.split()
    return version, int(status), body


@curl
@pytest.mark.parametrize("option, version", [("--http1.1", "1.1"), ("--http2", "2")])
def test_a_call_by_tls_reaches_the_upstream_which_is_told_so(secured, folder, open_api, option, version):
    url = "https://localhost:{}{}".format(secured.gateway_tls[1], open_api.path("/echo"))
    spoken, status, body = fetch(url, option, "--cacert", str(folder / "first.crt"), "--data", "hello")
    assert (spoken, status) == (version, 200)
    said = json.loads(body)
    headers = {name.lower(): value for name, value in said["headers"]}
    assert said["body"] == "hello"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-port"] == str(secured.gateway_tls[1])


@curl
def test_http2_is_spoken_on_the_plain_port_to_who_begins_with_it(secured, open_api):
    url = "http://{}:{}{}".format(*secured.gateway, open_api.path("/echo"))
    assert fetch(url, "--http2-prior-knowledge")[:2] == ("2", 200)
    assert fetch(url, "--http1.1")[:2] == ("1.1", 200)


def test_each_name_is_shown_its_certificate_on_both_listeners(secured, folder):
    for address in (secured.gateway_tls, secured.management_tls):
        assert shown(address, "localhost") == pem(folder / "first.crt")
        assert shown(address, "www.shop.test") == pem(folder / "second.crt")


def test_boto3_drives_the_management_api_by_tls(secured, folder):
    client = boto3.client(
        "apigateway",
        endpoint_url="https://127.0.0.1:{}".format(secured.management_tls[1]),
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        verify=str(folder / "first.crt"),
    )
    assert client.get_account()["features"] == ["UsagePlans"]


def test_sighup_takes_new_certificates_and_keeps_the_old_where_they_are_bad(secured, folder):
    before = shown(secured.gateway_tls, "localhost")
    chain, _ = certify(folder, "first", "localhost")
    (folder / "second.key").write_text("no key")
    kept = pem(folder / "second.crt")
    secured.process.send_signal(signal.SIGHUP)
    poll(lambda: shown(secured.gateway_tls, "localhost") == pem(chain) != before, within=5, what="the new certificate")
    assert shown(secured.gateway_tls, "www.shop.test") == kept
    assert str(folder / "second.key") in secured.log()
    assert secured.alive()


@pytest.mark.parametrize("command", ["serve", "check-config"])
def test_certificates_that_cannot_be_used_are_a_clear_message(tmp_path, command):
    chain, _ = certify(tmp_path, "a", "a.test")
    _, strange = certify(tmp_path, "b", "b.test")
    done = subprocess.run(
        [str(BINARY), command, "--data-dir", str(tmp_path / "data"), "--gateway", "127.0.0.1:0"]
        + ["--management", "127.0.0.1:0"],
        env=environment(
            TOLLGATE_GATEWAY_TLS="127.0.0.1:0",
            TOLLGATE_TLS__CERTIFICATES=f'[{{ chain = "{chain}", key = "{strange}" }}]',
        ),
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode not in (0, 101)
    assert str(chain) in done.stderr and "panicked" not in done.stderr
