"""The books of the torture test see what they are there for."""

import pytest

from torture.books import Books

TODAY = 20_000


def books(answers, cut=(), seen=None):
    kept = Books(lambda _key, day: day)
    names = seen if seen is not None else {str(number): 1 for number in range(sum(times for *_, times in answers))}
    kept.enter([(answers, list(cut))], names)
    return kept


def test_a_call_too_many_is_seen():
    kept = books([("key", TODAY, TODAY, "200", 11)])
    with pytest.raises(AssertionError, match="over-admitted"):
        kept.check_quota("key", TODAY, limit=10, deaths=5, used_up=True)


def test_a_unit_too_many_stranded_is_seen():
    kept = books([("key", TODAY, TODAY, "200", 97)])
    assert kept.check_quota("key", TODAY, limit=100, deaths=3, used_up=True) == (3, 3)
    with pytest.raises(AssertionError, match="stranded"):
        kept.check_quota("key", TODAY, limit=100, deaths=2, used_up=True)


def test_a_call_that_the_ledger_made_up_is_seen():
    kept = books([("key", TODAY, TODAY, "200", 5)])
    assert kept.check_ledger("key", TODAY, used=3) == 2
    with pytest.raises(AssertionError, match="the ledger has 6 calls"):
        kept.check_ledger("key", TODAY, used=6)


def test_a_call_that_midnight_divides_counts_for_either_day_and_one_that_was_cut_off_perhaps():
    kept = books([("key", TODAY - 1, TODAY, "200", 1)], cut=[("lost", "key", TODAY, TODAY)])
    line = kept.lines["key", TODAY]
    assert (line.sure, line.either, line.lost) == (0, 1, 1)


def test_a_call_that_was_made_twice_or_of_which_nobody_knows_is_seen():
    with pytest.raises(AssertionError, match="twice"):
        books([("key", TODAY, TODAY, "200", 1)], seen={"a": 2})
    with pytest.raises(AssertionError, match="callers know of 1 calls, the upstream of 2"):
        books([("key", TODAY, TODAY, "200", 1)], seen={"a": 1, "b": 1})
