"""What every test stands on. All is on loopback, in temporary folders, and ended by its process id."""

import datetime
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import arrange
from callers import call
from harness import ACCESS_KEY_ID, BINARY, REGION, SECRET_ACCESS_KEY, Tollgate, poll
from postgres import MASTER_KEY, Postgres
from redis_server import Redis
from upstream import Upstream


def pytest_configure(config):
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is not there: build it, or name it with TOLLGATE_BIN", returncode=2)


@pytest.fixture(scope="session")
def upstream():
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def own_upstream():
    """An upstream that no other test talks to: for its gate, and for counting all it receives."""
    server = Upstream()
    yield server
    server.close()


@pytest.fixture(scope="session")
def starter(tmp_path_factory):
    """Starts Tollgates, each on a data directory of its own unless one is given."""
    started, numbers = [], itertools.count()

    def start(data_dir=None, **settings):
        folder = tmp_path_factory.mktemp(f"tollgate-{next(numbers)}")
        tollgate = Tollgate(data_dir or folder / "data", folder / "stderr.log", **settings)
        started.append(tollgate)
        return tollgate

    start.all = started
    yield start
    for tollgate in started:
        tollgate.end()


@pytest.fixture
def start(starter):
    """Starts Tollgates that end with the test."""
    before = len(starter.all)
    yield starter
    for tollgate in starter.all[before:]:
        tollgate.end()


@pytest.fixture(scope="session")
def shared_postgres():
    """One PostgreSQL for all tests that do it no harm."""
    server = Postgres()
    yield server
    server.end()


@pytest.fixture
def own_postgres():
    """A PostgreSQL to be stopped, paused and restarted."""
    server = Postgres()
    yield server
    server.end()


@pytest.fixture
def own_redis():
    """A Redis to be stopped, paused and restarted."""
    server = Redis()
    yield server
    server.end()


@pytest.fixture
def start_nodes(start):
    """Starts Tollgates that share a database, a new one unless one is named."""

    def start_nodes(server, count=3, database=None, **settings):
        url = server.url(database or server.make_database())
        shared = {"TOLLGATE_STORE__URL": url, "TOLLGATE_MASTER_KEY": MASTER_KEY, **settings}
        return [start(**shared) for _ in range(count)]

    return start_nodes


@pytest.fixture(scope="session")
def tollgate(starter):
    """One Tollgate for all tests that neither stop it nor configure it."""
    return starter()


@pytest.fixture(scope="session")
def client(tollgate):
    return tollgate.client()


@pytest.fixture
def api(client, upstream):
    return arrange.an_api(client, upstream)


@pytest.fixture
def still_serves(tollgate, client, upstream):
    """Afterwards the process is the same one and serves a normal call."""

    api = arrange.an_api(client, upstream, key_required=False)
    pid = tollgate.process.pid
    yield
    assert tollgate.alive() and tollgate.process.pid == pid, tollgate.log()[-4000:]
    assert call(tollgate.gateway, api.path("/still-there")).status == 200
    assert "panicked" not in tollgate.log()


@pytest.fixture
def one_day():
    """Keeps a test that counts a day's calls away from the midnight (UTC) that would start the count again."""

    def far_from_midnight():
        now = datetime.datetime.now(datetime.timezone.utc)
        return (now + datetime.timedelta(seconds=45)).date() == now.date()

    poll(far_from_midnight, within=60, what="the new day")


@pytest.fixture(scope="session")
def aws(tollgate, tmp_path_factory):
    """Runs the unmodified `aws apigateway`, told nothing but where to go and who asks."""
    home = tmp_path_factory.mktemp("aws-home")
    executable = Path(sys.executable).parent / "aws"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_ENDPOINT_URL": tollgate.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
    }

    def run(*arguments):
        done = subprocess.run(
            [str(executable), "apigateway", *arguments], env=environment, timeout=60, capture_output=True, text=True
        )
        answer = json.loads(done.stdout) if done.stdout.strip() else None
        return SimpleNamespace(code=done.returncode, answer=answer, error=done.stderr)

    def aws(*arguments):
        done = run(*arguments)
        assert done.code == 0, f"aws apigateway {' '.join(arguments)}: {done.error}"
        return done.answer

    aws.run = run
    return aws
