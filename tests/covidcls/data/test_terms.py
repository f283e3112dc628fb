"""The terms of what was learned from, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from covidcls.data.pictures import LabelledPicture
from covidcls.data.sources import Source
from covidcls.data.terms import COVID_CT, SARS_COV_2_CT, licence_of, terms_of


def pictures(*names: str) -> list[LabelledPicture]:
    return [LabelledPicture(Path(name), 1, name) for name in names]


@pytest.mark.parametrize(
    ("source", "names", "words"),
    [
        (Source("any", "covid-ct"), ["2020.1-p1.png"], COVID_CT),
        (Source("any"), ["Covid (1).png", "Non-Covid (151).jpg"], SARS_COV_2_CT),
        (Source("at/mine"), ["Covid (1).png", "7.png"], "mine (a folder of its user, whose terms"),
        (Source("at/sars-cov-2-ct"), ["7.png"], "sars-cov-2-ct (a folder of its user"),
    ],
)
def test_a_data_set_is_known_by_what_it_holds(source: Source, names: list[str], words: str) -> None:
    assert terms_of(source, pictures(*names)).startswith(words)


def test_the_licence_names_every_source_and_stage_one_and_no_more() -> None:
    said = licence_of([SARS_COV_2_CT, "mine (?)"], "CC BY-NC-SA 4.0: masks")
    assert said == f"the strictest terms of: {SARS_COV_2_CT}; mine (?); " + (
        "lung masks: CC BY-NC-SA 4.0: masks"
    )
    assert "COVID-CT" not in said
    assert "names no licence" in licence_of([COVID_CT], None)
