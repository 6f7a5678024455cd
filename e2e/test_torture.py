"""The real binary, tortured: kills, full and forbidden disks, edits and midnights under load from several processes.

`TORTURE_KILLS` says how often it is killed, `TORTURE_SEED` what else happens. Threads and processes meet as they like,
so that a seed repeats what is done to the Tollgate, and not each call.
"""

import os
import random
import warnings
from collections import Counter

import pytest

from harness import TEST_CLOCK_BINARY, Tollgate
from torture.books import Books
from torture.clock import Clock, day_name, to_weekday
from torture.disk import NoDisk, SmallDisk
from torture.ordeal import Ordeal

KILLS = int(os.environ.get("TORTURE_KILLS", 10))
SEED = int(os.environ.get("TORTURE_SEED", random.randrange(2**32)))
KILLS_A_DAY = 5


@pytest.fixture
def disk(tmp_path):
    try:
        disk = SmallDisk(tmp_path / "disk")
    except NoDisk as why:
        warnings.warn(f"TORTURE WITHOUT FULL DISKS: none can be mounted here ({why})", stacklevel=1)
        yield None
        return
    yield disk
    disk.close()


@pytest.fixture
def ordeal(tmp_path, disk, monkeypatch):
    if not TEST_CLOCK_BINARY.exists():
        pytest.skip(f"{TEST_CLOCK_BINARY} is not there: `make e2e` builds it")
    clock = Clock(tmp_path / "clock", to_weekday(random.Random(SEED).randrange(7)))
    monkeypatch.setattr("botocore.auth.get_current_datetime", clock.datetime)
    folder = disk.folder if disk else tmp_path
    tollgate = Tollgate(
        folder / "data",
        tmp_path / "stderr.log",
        binary=TEST_CLOCK_BINARY,
        log_through_pipe=True,
        TOLLGATE_TEST_CLOCK=clock.file,
    )
    print(f"seed {SEED}: repeat it with TORTURE_SEED={SEED} TORTURE_KILLS={KILLS}")
    try:
        ordeal = Ordeal(tollgate, clock, SEED, disk)
        yield ordeal
        ordeal.abandon()
    finally:
        tollgate.end()


def test_after_all_that_may_happen_the_books_balance(ordeal):
    ordeal.post.port.value = ordeal.tollgate.gateway[1]
    ordeal.editor.start()
    first_day, left = ordeal.day, KILLS
    while left > 0:
        for _ in range(min(left, KILLS_A_DAY)):
            ordeal.cycle()
        left -= KILLS_A_DAY
        ordeal.end_day()
    last_day = ordeal.day
    ordeal.editor.stopped.set()
    ordeal.editor.join(30)
    reports, seen = ordeal.close()

    client = ordeal.tollgate.client()
    ordeal.editor.check_state(client)
    books = Books(ordeal.period_of)
    books.enter(reports, seen)
    stranded, may_be = check_quotas(ordeal, books)
    missing = check_ledger(ordeal, books, client, first_day, last_day)
    assert ordeal.used_up
    assert missing <= ordeal.most_missing, f"the ledger lacks {missing} calls, and may lack {ordeal.most_missing}"
    print(
        f"{sum(ordeal.deaths.values())} deaths in {last_day - first_day} days, faults {dict(ordeal.faults)}; "
        f"{books.admitted} calls admitted, answers {dict(books.answers)}; stranded {stranded} of at most {may_be}; "
        f"{missing} of at most {ordeal.most_missing} calls missing in the ledger; {len(ordeal.editor.made)} changes acknowledged, "
        f"{len(ordeal.editor.refused)} refused, {len(ordeal.editor.unknown)} unknown"
    )
    log = ordeal.tollgate.log()
    assert "panicked" not in log, log[-4000:]
    unexpected = set(books.answers) - {"200", "429 Limit Exceeded", "503 Service Unavailable", "403 Forbidden"}
    assert not unexpected, books.answers
    assert ordeal.tollgate.stop() == 0


def check_quotas(ordeal, books):
    """Each key in each of its periods. What is stranded, and what may be."""
    stranded, bound = 0, 0
    for (key, period), _ in sorted(books.lines.items()):
        plan = ordeal.plan_of[key]
        if plan.limit is None:
            continue
        deaths = sum(deaths for day, deaths in ordeal.deaths.items() if plan.period_of(day) == period)
        used_up = any(name == key and plan.period_of(day) == period for name, day in ordeal.used_up)
        of_this = books.check_quota(key, period, plan.limit, deaths, used_up)
        stranded, bound = stranded + of_this[0], bound + of_this[1]
    return stranded, bound


def check_ledger(ordeal, books, client, first_day, last_day):
    """Each key on each day: GetUsage against the callers' count. How many calls it does not know."""
    missing = 0
    for key, plan in ordeal.plan_of.items():
        answer = client.get_usage(
            usagePlanId=ordeal.ids[plan.name],
            keyId=ordeal.key_ids[key].id,
            startDate=day_name(first_day),
            endDate=day_name(last_day),
        )
        days = answer["items"][ordeal.key_ids[key].id]
        totals = Counter()
        for day, (used, remaining) in enumerate(days, start=first_day):
            missing += books.check_ledger(key, day, used)
            totals[plan.period_of(day)] += used
            if plan.limit:
                assert totals[plan.period_of(day)] <= plan.limit and remaining >= 0
                used_up = (key, day) in ordeal.used_up
                assert remaining == 0 or not used_up, f"GetUsage promises {key} {remaining} calls of a quota that is used up"
    return missing
