"""Jobs on several processes."""

import math
import os
from contextlib import closing

import pytest

from refimpl.parallel import as_they_come


@pytest.mark.parametrize("workers", [1, 2])
def test_every_item_comes_once(workers):
    assert dict(as_they_come(math.sqrt, [1.0, 4.0, 9.0], workers)) == {0: 1.0, 1: 2.0, 2: 3.0}


def test_a_process_that_dies_is_reported():
    results = dict(as_they_come(os._exit, [3, 3], 2))
    assert all(isinstance(result, Exception) for result in results.values())


def test_leaving_ends_the_processes():
    with closing(as_they_come(math.sqrt, [1.0, 2.0, 3.0], 2)) as results:
        next(results)
