"""What a trained cell, or stage 1 alone, may be judged on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from covidcls.ablation.judge import every_picture
from covidcls.data.sources import Source


@pytest.fixture
def divided(tmp_path: Path) -> Path:
    """Two classes in train, val and test, two files each."""
    for part in ("train", "val", "test"):
        for label in ("COVID", "other"):
            folder = tmp_path / "set" / part / label
            folder.mkdir(parents=True)
            for n in range(2):
                (folder / f"{n}.png").touch()  # an input by its name
    return tmp_path / "set"


def test_the_held_out_folder_is_not_looked_at(divided: Path) -> None:
    pictures = every_picture(Source(str(divided)))
    assert Counter(one.part for one in pictures) == {"train": 4, "val": 4}


def test_of_covid_ct_train_and_validation_are_judged(covid_layout: Path) -> None:
    pictures = every_picture(Source(str(covid_layout), "covid-ct"))
    assert len(pictures) == 18
    assert not [one for one in pictures if "test" in one.path.name]
