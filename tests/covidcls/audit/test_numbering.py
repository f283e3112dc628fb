"""Gaps in names that count are told; names that do not count have none."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from covidcls.audit.inventory import LabelledImage
from covidcls.audit.numbering import missing_numbers


def images(names: Iterable[str]) -> list[LabelledImage]:
    return [LabelledImage(name, "sick") for name in names]


def test_a_gap_is_told_with_the_file_before_it() -> None:
    names = [f"sick/Covid ({n}).jpg" for n in range(1, 201) if n not in (50, 51)]
    (found,) = missing_numbers(images([*names, "well/1.png", "well/9.png"]))
    assert (found.kind, found.file_a) == ("missing_number", "sick/Covid (49).jpg")
    assert found.group == "sick/Covid (*)" and found.crosses == ()
    assert "2 of the numbers 1 to 200 are missing" in found.message and ": 50, 51;" in found.message


@pytest.mark.parametrize(
    "names",
    [
        [f"a/{n}.png" for n in range(200)],
        [f"a/{n}.png" for n in range(0, 400, 2)],  # ids, not a count
        [f"a/{n}.png" for n in range(90) if n != 40],  # few
        [f"a/{n:03d}.{('png', 'jpg')[n % 2]}" for n in range(200)],  # one series, two formats
        ["a/b.png", "a/no number.png"],
        [],
    ],
)
def test_nothing_is_missing_from_names_that_do_not_count_or_have_no_gap(names: list[str]) -> None:
    assert missing_numbers(images(names)) == []
