"""Splits that keep patients and copies together, and what a split that does not was worth."""

from covidcls.audit.splits.build import (
    SHARES,
    GroupedSplit,
    build_split,
    record_file,
    write_split,
)
from covidcls.audit.splits.compare import SplitComparison, compare_splits
from covidcls.audit.splits.glimpse import glimpse
from covidcls.audit.splits.leaks import refuse_leaks

__all__ = [
    "SHARES",
    "GroupedSplit",
    "SplitComparison",
    "build_split",
    "compare_splits",
    "glimpse",
    "record_file",
    "refuse_leaks",
    "write_split",
]
