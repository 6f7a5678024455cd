"""A disk that takes nothing more: what cannot be accounted for is refused, what can is served, and nothing is lost."""

import warnings

import pytest
from botocore.exceptions import ClientError

from arrange import a_key, a_plan, an_api, change_plan, replace, today, usage
from callers import LIMIT_EXCEEDED, Connection, call
from harness import poll
from torture.disk import NoDisk, SmallDisk, forbid_writes

LIMIT = 1000
ON_A_LEASE = LIMIT // 100
UNAVAILABLE = (503, "ServiceUnavailableException", b'{"message":"Service Unavailable"}')


@pytest.fixture
def disk(tmp_path):
    try:
        disk = SmallDisk(tmp_path / "disk")
    except NoDisk as why:
        warnings.warn(f"NOT TRIED: a full disk; none can be mounted here ({why})", stacklevel=1)
        pytest.skip(f"no filesystem can be mounted here: {why}")
    yield disk
    disk.close()


class Full:
    """A filesystem without a free byte."""

    def __init__(self, disk):
        self.disk, self.data_dir = disk, disk.folder / "data"

    def breaks(self, _process):
        self.disk.fill()

    def mends(self, _process):
        self.disk.free()


class Forbidden:
    """A process whose every write to a file fails."""

    data_dir = None

    def breaks(self, process):
        forbid_writes(process, True)

    def mends(self, process):
        forbid_writes(process, False)


@pytest.fixture(params=["full", "forbidden"])
def fault(request):
    return Full(request.getfixturevalue("disk")) if request.param == "full" else Forbidden()


class Scene:
    """A Tollgate with a plan with a quota, one without, and keys in them, on a disk that is about to fail."""

    def __init__(self, tollgate, upstream):
        self.tollgate, self.client = tollgate, tollgate.client()
        self.api = an_api(self.client, upstream)
        self.counted = a_plan(self.client, self.api, quota={"limit": LIMIT, "period": "DAY"})
        self.free = a_plan(self.client, self.api)
        self.key, self.fresh = a_key(self.client, self.counted), a_key(self.client, self.counted)
        self.open = a_key(self.client, self.free)
        self.connection = Connection(tollgate.gateway)

    def call(self, key):
        return self.connection.call(self.api.path(), key.value)

    def admitted_until_refused(self, key):
        """Calls until one is refused: how many were let in, and the refusal."""
        admitted = 0
        while (answer := self.call(key)).status == 200:
            admitted += 1
        return admitted, answer


@pytest.fixture
def scene(start, upstream, fault, one_day):
    return Scene(start(fault.data_dir, log_through_pipe=True), upstream)


def is_refused(change):
    """A change that cannot be written is answered in AWS's form, and says that nothing came of it."""
    with pytest.raises(ClientError) as refused:
        change()
    answer = refused.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert answer["Error"]["Code"] == "ServiceUnavailableException"
    assert "nothing was changed" in answer["Error"]["Message"]
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]


def is_back(scene):
    """Whether a key is admitted that needs the ledger."""
    return scene.call(scene.fresh).status == 200


def ledger_is_up(scene):
    said = call(scene.tollgate.management, "/metrics").body.decode().splitlines()
    up = [line.split()[1] for line in said if line.startswith("tollgate_ledger_up ")]
    assert up in (["1"], ["0"]), up
    return up == ["1"]


def test_what_needs_no_disk_is_served_and_the_rest_refused_until_it_is_mended(scene, fault):
    process, client = scene.tollgate.process, scene.client
    admitted, open_calls = int(scene.call(scene.key).status == 200), 0
    assert ledger_is_up(scene)
    fault.breaks(process)

    # The lease is spent, and no further.
    from_lease, refusal = scene.admitted_until_refused(scene.key)
    admitted += from_lease
    assert 0 < from_lease <= ON_A_LEASE and refusal.refusal == UNAVAILABLE
    assert refusal.headers["Retry-After"] == "1"
    assert scene.call(scene.fresh).refusal == UNAVAILABLE
    for _ in range(50):
        assert scene.call(scene.open).status == 200
        open_calls += 1

    # Reads of the configuration go on; changes are refused whole.
    before = client.get_usage_plan(usagePlanId=scene.counted)
    is_refused(lambda: client.create_api_key(name="never", enabled=True))
    is_refused(lambda: change_plan(client, scene.counted, replace("/quota/limit", 5)))
    is_refused(lambda: client.delete_api_key(apiKey=scene.open.id))
    is_refused(lambda: client.update_api_key(apiKey=scene.open.id, patchOperations=[replace("/enabled", "false")]))
    is_refused(lambda: client.create_rest_api(name="never"))
    after = client.get_usage_plan(usagePlanId=scene.counted)
    assert after["quota"] == before["quota"]
    assert scene.call(scene.open).status == 200, "a key is gone whose deletion was refused"
    open_calls += 1
    with pytest.raises(ClientError) as refused:
        client.get_usage(usagePlanId=scene.counted, startDate=today(), endDate=today())
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503, "usage is told that is not the whole"
    assert not ledger_is_up(scene)
    log = scene.tollgate.log()
    assert log.count("the ledger cannot be written") == 1, log
    assert log.count("the store cannot be written") == 1, log
    assert "a call was refused" not in log, "a line for each call"

    # The same process goes on, and counts what it served.
    fault.mends(process)
    poll(lambda: is_back(scene), within=5, what="a call that needs the ledger")
    assert scene.tollgate.process is process and scene.tollgate.alive()
    assert client.create_api_key(name="at last", enabled=True)["id"]
    names = {key.get("name") for key in client.get_api_keys(limit=500)["items"]}
    assert "at last" in names and "never" not in names
    assert "never" not in {api["name"] for api in client.get_rest_apis()["items"]}
    poll(lambda: ledger_is_up(scene), within=2, what="the metric")
    poll(lambda: "the store can be written again" in scene.tollgate.log(), within=2, what="a line in the log")
    log = scene.tollgate.log()
    assert log.count("the ledger can be written again") == log.count("the store can be written again") == 1, log
    poll(lambda: usage(client, scene.free, scene.open) == (open_calls, -1), within=2, what="the calls of the free plan")

    rest, refusal = scene.admitted_until_refused(scene.key)
    assert refusal.refusal == LIMIT_EXCEEDED
    assert admitted + rest == LIMIT, "a quota lost or won units by a disk that failed"
    assert usage(client, scene.counted, scene.key) == (LIMIT, 0)


def test_a_kill_while_the_disk_fails_strands_no_more_than_any_kill(scene, fault):
    process = scene.tollgate.process
    admitted = int(scene.call(scene.key).status == 200)
    fault.breaks(process)
    from_lease, _ = scene.admitted_until_refused(scene.key)
    with pytest.raises(ClientError):
        scene.client.create_api_key(name="never", enabled=True)
    scene.tollgate.kill()
    fault.mends(process)
    scene.tollgate.start()
    scene.connection = Connection(scene.tollgate.gateway)
    rest, refusal = scene.admitted_until_refused(scene.key)
    assert refusal.refusal == LIMIT_EXCEEDED
    assert LIMIT - ON_A_LEASE <= admitted + from_lease + rest <= LIMIT
    names = {key.get("name") for key in scene.tollgate.client().get_api_keys(limit=500)["items"]}
    assert "never" not in names, "a change is there after the kill that was refused before it"


def test_a_stop_while_the_disk_fails_ends_in_time_and_says_what_is_lost(scene, fault):
    scene.call(scene.key)
    fault.breaks(scene.tollgate.process)
    scene.admitted_until_refused(scene.key)
    assert scene.tollgate.stop(within=20) == 1
    said = "usage could not be written on stopping"
    poll(lambda: said in scene.tollgate.log(), within=2, what="a line in the log")


def test_a_start_on_a_full_or_read_only_disk_is_refused_and_says_why(start, disk):
    tollgate = start(disk.folder / "data")
    tollgate.stop()
    disk.read_only(True)
    said = tollgate.refuses_to_start(because="Read-only file system")
    assert str(disk.folder / "data") in said
    disk.read_only(False)
    disk.fill()
    said = tollgate.refuses_to_start(because="cannot use the database in")
    assert str(disk.folder / "data") in said
    disk.free()
    tollgate.start()


def test_a_first_start_on_a_full_disk_leaves_nothing_that_hinders_the_next(start, disk):
    tollgate = start(disk.folder / "data")
    tollgate.stop()
    tollgate.data_dir = disk.folder / "other"
    disk.fill()
    tollgate.refuses_to_start(because="No space left on device")
    disk.free()
    tollgate.start()
    assert call(tollgate.gateway, "/").status == 403
