"""Nine facts of a file as numbers, and those that are not there as a number of their own."""

from __future__ import annotations

import numpy as np

from covidcls.audit.file_facts import FileFacts
from covidcls.audit.floors.metadata import metadata_features
from covidcls.audit.floors.neutral import neutral_facts


def test_each_of_the_nine_facts_changes_a_number() -> None:
    known = FileFacts(".png", 900, "PNG", "PNG", True, 30, 20, "L", "72 x 72", 1)
    others = [
        FileFacts(".png", 901, "PNG", "PNG", True, 30, 20, "L", "72 x 72", 1),
        FileFacts(".png", 900, "PNG", "PNG", True, 31, 20, "L", "72 x 72", 1),
        FileFacts(".png", 900, "PNG", "PNG", True, 30, 21, "L", "72 x 72", 1),
        FileFacts(".jpg", 900, "JPEG", "JPEG", True, 30, 20, "L", "72 x 72", 1),
        FileFacts(".png", 900, "PNG", "PNG", True, 30, 20, "RGB", "72 x 72", 1),
        FileFacts(".png", 900, "PNG", "PNG", True, 30, 20, "L", None, 1),
        FileFacts(".png", 900, "PNG", "PNG", True, 30, 20, "L", "72 x 72", 0),
    ]
    rows = metadata_features([known, *others]).values
    assert rows.shape == (8, 9)
    assert (rows[0] != rows[1:]).any(axis=1).all()
    assert {*np.flatnonzero((rows[0] != rows[1:]).any(axis=0)).tolist()} == set(range(9))


def test_the_name_of_a_file_is_not_seen() -> None:
    one = FileFacts(".png", 900, "JPEG", "PNG", True, 30, 20, "L", None, 1)
    other = FileFacts(".jpg", 900, "JPEG", "JPEG", True, 30, 20, "L", None, 1)
    first, second = metadata_features([one, other]).values
    assert np.array_equal(first, second)


def test_a_file_without_facts_has_finite_numbers_that_no_other_has() -> None:
    unknown, known = metadata_features(
        [FileFacts(".png"), FileFacts(".png", 0, "PNG", "PNG", True, 1, 1, "L", "0 x 0", 0)]
    ).values
    assert np.isfinite(unknown).all()
    assert (unknown != known).all()


def test_after_neutral_decoding_only_the_bytes_differ() -> None:
    rows = metadata_features([neutral_facts(5000), neutral_facts(7000)], neutral=True).values
    assert np.flatnonzero(rows[0] != rows[1]).tolist() == [3, 4]  # bytes, bytes per pixel
