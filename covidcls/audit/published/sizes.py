"""Which test sets could have given printed rows, where a paper does not say how large it was."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.published.implied import Span, implied
from covidcls.audit.published.matrix import RATIOS, tn_span
from covidcls.audit.published.printed import Row

LARGEST = 10_000  # images: no search goes further
PAIRS = 100_000_000  # of P and TP that a search may go through: seconds, not hours
PAIRS_AT_ONCE = 1_000_000  # some 100 MB
ROUNDING = 1e-6  # images, more than a product of LARGEST loses in floating point


def reach(rows: Sequence[Row]) -> int:
    """How many images the searches below can go up to: the fewer, the less the rows imply."""
    totals = np.arange(1, LARGEST + 1)
    pairs = np.zeros(LARGEST)
    for row in rows:
        if found := implied(row):
            pairs += _width(found["prevalence"], totals) * _width(_recall(found), totals)
    return int(np.searchsorted(np.cumsum(pairs), PAIRS))


def smallest_test_set(rows: Sequence[Row], up_to: int) -> tuple[int, int] | None:
    """The smallest (positives, negatives) on which each row has a confusion matrix; None: none.

    The matrix may be another for each row. Of equally small sets, the one of fewest positives.
    """
    spans = [implied(row) for row in rows]
    if not all(spans):
        return None
    low = max(span["prevalence"].low for span in spans)
    prevalence = Span(low, min(span["prevalence"].high for span in spans))
    for total in range(1, up_to + 1):
        common: set[int] | None = None
        for row, span in zip(rows, spans, strict=True):
            blocks = _positives(row, total, prevalence, _recall(span))
            found = {int(n) for block in blocks for n in block}
            common = found if common is None else common & found
            if not common:
                break
        if common:
            return min(common), total - min(common)
    return None


def possible_totals(row: Row, up_to: int) -> list[int]:
    """The sizes, of 1 to ``up_to`` images, on which the row has a confusion matrix."""
    span = implied(row)
    if not span:
        return []
    # Two matrices that give ratios in an interval give one in it when they are added up, so only
    # sizes that are no sum of earlier ones need a search. That does not hold for the other figures.
    adds_up = row.keys() <= RATIOS.keys()
    possible, searched = set[int](), list[int]()
    for total in range(1, up_to + 1):
        if adds_up and any(total - part in possible for part in searched):
            possible.add(total)
            continue
        blocks = _positives(row, total, span["prevalence"], _recall(span))
        if any(block.size for block in blocks):
            possible.add(total)
            searched.append(total)
    return sorted(possible)


def _recall(span: dict[str, Span]) -> Span:
    return span.get("recall", Span(Fraction(0), Fraction(1)))


def _width(span: Span, totals: NDArray[np.int64]) -> NDArray[np.float64]:
    return float(span.high - span.low) * totals.astype(np.float64) + 1


def _positives(row: Row, total: int, prevalence: Span, recall: Span) -> Iterator[NDArray[np.int64]]:
    """The numbers of positives among ``total`` images that can give the row, in blocks."""
    every = np.arange(math.ceil(prevalence.low * total), math.floor(prevalence.high * total) + 1)
    step = max(1, int(PAIRS_AT_ONCE / ((recall.high - recall.low) * total + 1)))
    for start in range(0, every.size, step):
        block = every[start : start + step]
        least = np.ceil(float(recall.low) * block - ROUNDING).astype(np.int64)
        largest = np.floor(float(recall.high) * block + ROUNDING).astype(np.int64)
        count = np.maximum(largest - least + 1, 0)
        owner = np.repeat(np.arange(block.size), count)
        first = np.cumsum(count) - count
        tp = least[owner] + np.arange(owner.size) - first[owner]
        positives = block[owner]
        low, high = tn_span(row, tp, positives, total - positives)
        yield np.unique(positives[low <= high])
