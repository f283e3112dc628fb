"""Papers, and runs of numbers where patients are unknown, stay whole."""

from __future__ import annotations

import pytest

from covidcls.audit.copies import Pair
from covidcls.audit.inventory import LabelledImage
from covidcls.data.ties import by_paper, by_run


def numbered(n: int, patient: str | None = None, source: str | None = None) -> list[LabelledImage]:
    """``Covid (1).png`` and so on, the last first."""
    return [
        LabelledImage(f"COVID/Covid ({k}).png", "COVID", None, patient, source)
        for k in range(n, 0, -1)
    ]


def sizes(images: list[LabelledImage], pairs: list[Pair], n_runs: int) -> list[int]:
    """Of the runs, which together are ``images`` in the order of their numbers."""
    runs = [run.images for run in by_run(images, pairs, n_runs)]
    assert [one for run in runs for one in run] == images[::-1]
    return [len(run) for run in runs]


def test_patients_of_one_paper_are_together() -> None:
    a, b, c = (
        LabelledImage(f"CT_COVID/{name}.png", "COVID", None, patient, source)
        for name, patient, source in (("a", "1", "p"), ("b", "2", "p"), ("c", "3", None))
    )
    [group] = by_paper([a, b, c])
    assert group.images == (a, b)


def test_runs_have_about_one_length() -> None:
    assert sizes(numbered(200), [], 4) == [50] * 4
    assert sizes(numbered(210), [], 4) == [53, 53, 53, 51]
    assert sizes(numbered(101), [], 10) == [11] * 8 + [13]  # no last run of less than a half


def test_no_run_ends_between_two_copies() -> None:
    # by index: 200 has the first number; numbers 45 and 60 are one picture
    assert sizes(numbered(200), [Pair(140, 155)], 4) == [60, 50, 50, 40]


def test_copies_farther_apart_than_a_run_hold_none_open() -> None:
    assert sizes(numbered(200), [Pair(20, 180)], 4) == [50] * 4


@pytest.mark.parametrize(
    "images", [numbered(99), numbered(200, patient="1"), numbered(200, source="p")]
)
def test_what_counts_little_or_is_known_better_is_left_to_it(images: list[LabelledImage]) -> None:
    assert by_run(images, [], 4) == []
