"""The clock that tests set is in no binary but their own."""

from harness import BINARY, TEST_CLOCK_BINARY


def test_the_binary_knows_no_clock_of_tests():
    assert b"TEST_CLOCK" not in BINARY.read_bytes()
    if TEST_CLOCK_BINARY.exists():
        assert b"TEST_CLOCK" in TEST_CLOCK_BINARY.read_bytes(), "the name is looked for where it is not"


def test_asking_the_binary_for_it_is_a_mistake(start):
    tollgate = start()
    tollgate.stop()
    tollgate.settings["TOLLGATE_TEST_CLOCK"] = "/dev/null"
    tollgate.refuses_to_start(because="TOLLGATE_TEST_CLOCK: there is no such setting")
