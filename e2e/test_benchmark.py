"""The benchmark of the management API, on a small node: it works, and times every operation."""

import importlib
import sys

import pytest

from harness import ROOT


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "bench" / "management"))
    yield importlib.import_module("run")
    for name in ("documents", "lifecycles", "population", "run", "stopwatch"):
        sys.modules.pop(name, None)


def test_the_benchmark_times_every_operation(start, benchmark, capsys):
    size = benchmark.Size(apis=3, resources=2, plans=3, keys=5)
    benchmark.measure(start().client(), size, rounds=2)
    tables = capsys.readouterr().out
    for operation in ("GetSdkTypes", "CreateUsagePlanKey", "DeleteRestApi", "ImportApiKeys"):
        assert f"| {operation} | 2 |" in tables
