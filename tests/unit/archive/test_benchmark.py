"""The benchmark runs: both clients copy the same log, with few requests."""

from __future__ import annotations

import pytest

from benchmarks.bench_archive import paired, recent


@pytest.mark.long
def test_both_clients_copy_the_same_log():
    run = paired(recent(days=4, per_day=1_500, latency=0.05))
    assert (run.complete, run.equal, run.requests) == (True, True, 4 * 2 + 1)
    assert run.ratio > 0
