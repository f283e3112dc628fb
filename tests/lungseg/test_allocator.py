"""Freed memory is kept for the next batch."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource
import numpy as np
from lungseg.allocator import keep_freed_memory
assert {advice}
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(8_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc takes the advice")
def test_large_arrays_are_faulted_in_once() -> None:
    """64 MB: above 32 MB glibc always maps; huge pages make the faults fewer in both runs."""
    counts = {}
    for advice in ("keep_freed_memory()", "True"):
        command = [sys.executable, "-c", SCRIPT.format(advice=advice)]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        counts[advice] = int(run.stdout)
    assert counts["keep_freed_memory()"] < 100
    assert counts["keep_freed_memory()"] < counts["True"]
