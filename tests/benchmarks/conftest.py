"""Times as ratios within one run: ``pytest tests/benchmarks --benchmark-enable``; without it each runs once."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[[], Any]


def interleaved_medians(runs: dict[str, Run], repetitions: int) -> dict[str, float]:
    """Median seconds of each run; they take turns, so that what disturbs the machine disturbs all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repetitions):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


@pytest.fixture
def race(benchmark: Any, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run ours under pytest-benchmark, then against its peers, and record and print ours / peer; returns our result.

    With one repetition, for long runs, ours runs twice and its peers once.
    """

    def run(ours: Run, repetitions: int = 11, **peers: Run) -> Any:
        result = benchmark(ours) if repetitions > 1 else benchmark.pedantic(ours)
        if not benchmark.disabled:
            medians = interleaved_medians({"ours": ours, **peers}, repetitions)
            ratios = {peer: round(medians["ours"] / medians[peer], 3) for peer in peers}
            benchmark.extra_info.update(seconds=medians, ratios=ratios)
            with capsys.disabled():
                for peer, ratio in ratios.items():
                    print(f"\n{request.node.name}: ours {medians['ours']:.3g} s, {ratio} of {peer}", end="")
        return result

    return run
