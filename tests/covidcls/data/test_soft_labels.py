"""Labels that teachers soften."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from covidcls.data.module import CovidDataModule
from covidcls.data.soft_labels import soften
from lungseg.errors import UsageError

PATHS = ["sick/a.png", "sick/b.png", "well/a.png"]


def table(folder: Path, *rows: str, name: str = "said.csv") -> Path:
    file = folder / name
    file.write_text("\n".join(["path,probability", *rows, ""]))
    return file


def test_a_teacher_has_its_share_and_a_picture_without_one_keeps_its_label(tmp_path: Path) -> None:
    said = table(tmp_path, "sick/a.png,0.6", "well/a.png,0.2", "sick/b.png,", "other/c.png,0.9")
    soft = soften([1, 1, 0], PATHS, [said], 0.5)
    assert soft.labels == pytest.approx([0.8, 1, 0.1])
    assert soft.n_taught == 2


def test_teachers_agree_on_the_mean_of_their_log_odds(tmp_path: Path) -> None:
    tables = [
        table(tmp_path, "sick/a.png,0.9", name="one.csv"),
        table(tmp_path, "sick/a.png,0.5", name="two.csv"),
        table(tmp_path, "sick/b.png,1", "well/a.png,0", name="sure.csv"),
    ]
    soft = soften([1, 1, 0], PATHS, tables, 1)
    assert soft.labels == pytest.approx([0.75, 0.9999, 0.0001])  # odds of 9 and 1: 3


def test_the_hash_tells_labels_apart(tmp_path: Path) -> None:
    said = table(tmp_path, "sick/a.png,0.6")
    half, whole = (soften([1, 1, 0], PATHS, [said], share).sha256 for share in (0.5, 1))
    assert half != whole
    assert half == soften([1, 1, 0], PATHS, [said], 0.5).sha256


@pytest.mark.parametrize(
    ("rows", "share", "told"),
    [
        (["sick/a.png,0.6"], 1.5, "the share of soft labels is 1.5; give 0 to 1"),
        (["c.png,0.6"], 0.5, "said.csv says nothing of the 3 pictures to learn.* sick/a.png"),
        (["sick/a.png,yes"], 0.5, "gives sick/a.png the probability yes; correct it to 0 to 1"),
        (["sick/a.png,1.2"], 0.5, "gives sick/a.png the probability 1.2"),
        (["a.png,0.5"], 0.5, "a.png may be sick/a.png or well/a.png"),
    ],
)
def test_what_is_refused(rows: list[str], share: float, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=told):
        soften([1, 1, 0], PATHS, [table(tmp_path, *rows)], share)


@pytest.fixture
def options(covid_layout: Path, tiny_weights: Path, tmp_path: Path) -> dict[str, Any]:
    return {
        "data_dir": str(covid_layout),
        "weights_dir": str(tiny_weights),
        "cache_dir": str(tmp_path),
        "size": 32,
        "batch_size": 4,
        "workers": 0,
    }


def test_training_learns_them_and_validation_keeps_the_truth(
    options: dict[str, Any], tmp_path: Path
) -> None:
    name = "Images-processed/CT_COVID/2020.{}-p0-COVID.png"
    said = table(tmp_path, f"{name.format('train')},0.2", f"{name.format('val')},0.2")
    data = CovidDataModule(**options, soft_labels=[str(said)], soft_share=0.5)
    data.setup()
    drawn = sorted(float(label) for batch in data.train_dataloader() for label in batch["label"])
    assert drawn == pytest.approx([0] * 6 + [0.6] + [1] * 5)
    assert {float(one) for batch in data.val_dataloader() for one in batch["label"]} == {0, 1}


@pytest.mark.parametrize("how", [{"fold": 0}, {"everything": True}])
def test_folds_refuse_them(options: dict[str, Any], how: dict[str, Any]) -> None:
    """Out-of-fold teachers carry the labels of every other fold."""
    with pytest.raises(UsageError, match="soft labels are not learned in folds"):
        CovidDataModule(**options, soft_labels=["said.csv"], **how)


def test_they_are_refused_before_lungs_are_looked_for(
    options: dict[str, Any], tmp_path: Path
) -> None:
    data = CovidDataModule(**options, soft_labels=[str(table(tmp_path, "x.png,0.5"))])
    with pytest.raises(UsageError, match="says nothing of the 12 pictures"):
        data.setup()
    assert not data.views
