"""Splits that keep patients and copies together, and what a split that does not was worth."""

from covidcls.audit.splits.build import SHARES, GroupedSplit, build_split, write_split
from covidcls.audit.splits.compare import SplitComparison, compare_splits
from covidcls.audit.splits.leaks import refuse_leaks
from covidcls.audit.splits.look import look

__all__ = [
    "SHARES",
    "GroupedSplit",
    "SplitComparison",
    "build_split",
    "compare_splits",
    "look",
    "refuse_leaks",
    "write_split",
]
