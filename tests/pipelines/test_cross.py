"""The command cross on drawn data sets and a tiny network."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning  # noqa: F401  # now: its log goes to what standard error is at its import
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from covidcls.ablation.cross import LESION_SHARE
from covidcls.ablation.plan import Plan
from covidcls.data.sources import Source
from lungseg.checkpoint import load_checkpoint, save_checkpoint
from lungseg.errors import UnreadableError
from pipelines.ablate_cells import train_here
from pipelines.cross import main, source_of, with_tables
from pipelines.cross_study import cross


@pytest.fixture(scope="module")
def two_sets(
    tmp_path_factory: pytest.TempPathFactory, drawn_slice: Callable[..., NDArray[np.uint8]]
) -> Path:
    """``one`` and ``other``: COVID and NonCOVID with 12 drawn slices each."""
    root = tmp_path_factory.mktemp("sets")
    for name, first in (("one", 100), ("other", 101)):
        for label, shade in (("COVID", 80), ("NonCOVID", 0)):
            folder = root / name / label
            folder.mkdir(parents=True)
            for number in range(12):
                picture = drawn_slice(first + shade + 4 * number)
                Image.fromarray(picture).save(folder / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def recipe(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One epoch of a small network, and a stage 1 that takes dark pixels for lung and lesion."""
    folder = tmp_path_factory.mktemp("with-lesions")
    dark = load_checkpoint(tiny_weights / "dark.safetensors", "segmenter")
    twice = {
        name: np.concatenate([np.asarray(value)] * 2) if name.startswith("masks.") else value
        for name, value in dark.tensors.items()
    }
    card = {**dark.card, "architecture": {**dark.card["architecture"], "classes": 2}}
    save_checkpoint(folder, "dark", twice, card)
    (folder / "defaults.json").write_text('{"segmenter": "dark", "classifier": {}}')
    return {
        "trainer": {"max_epochs": 1, "accelerator": "cpu", "precision": "32-true"},
        "model": {"arch": "tf_efficientnet_lite0"},
        "data": {
            "weights_dir": str(folder),
            "cache_dir": str(folder),
            "size": 32,
            "batch_size": 4,
            "val_share": 0.5,
            "workers": 0,
        },
    }


def test_each_set_is_tested_whole_or_by_the_validation_of_its_own_training(
    two_sets: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    trained: list[str] = []
    tested: list[int] = []  # before each training, how many are

    def train(arguments: Sequence[str], log: Path) -> int:
        trained.append(log.parent.name)
        tested.append(len(list((tmp_path / "out" / "cells").glob("*/on-other.csv"))))
        return train_here(arguments, log)

    one, other = (Source(str(two_sets / name)) for name in ("one", "other"))
    plan = Plan(("full",), seeds=(1,), recipe=recipe)
    record = cross(plan, [one, other], [other], tmp_path / "out", True, train=train)
    assert trained == ["one.full-seed1", "other.full-seed1", "one+other.full-seed1"]
    assert tested == [0, 1, 2]
    assert [one["name"] for one in record["segmenters"]] == ["dark"]
    found = {row["trained_on"]: row for row in record["rows"]}
    assert (found["one"]["seen"], found["one"]["n_images"]) == ("unseen", 24)
    for name in ("other", "one+other"):
        assert found[name]["seen"] == "own validation"
        assert 0 < found[name]["n_images"] < 24
    assert found["no label"]["row"] == LESION_SHARE
    assert found["no label"]["n_images"] == 24
    table = (tmp_path / "out" / "table.md").read_text()
    assert "its labels chose no epoch, no threshold and no calibration here" in table

    kept = tmp_path / "out" / "cells" / "one.full-seed1" / "on-other.csv"
    with kept.open(newline="") as file:
        assert len({row["path"] for row in csv.DictReader(file)}) == 24
    trained.clear()
    assert cross(plan, [one, other], [other], tmp_path / "out", True, train=train) == record
    assert trained == []


def test_a_copy_of_what_was_trained_on_is_not_unseen(
    two_sets: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    """Under other names, and written again in another format."""
    for file in (two_sets / "one").rglob("*.png"):
        copy = tmp_path / "copy" / file.parent.name / f"renamed{file.stem}.bmp"
        copy.parent.mkdir(parents=True, exist_ok=True)
        Image.open(file).save(copy)
    one, again = Source(str(two_sets / "one")), Source(str(tmp_path / "copy"))
    plan = Plan(("full",), seeds=(1,), recipe=recipe)
    record = cross(plan, [one], [one, again], tmp_path / "out", train=train_here)
    own, copied = (row for row in record["rows"] if row["row"] == "full")
    assert (own["seen"], own["n_learned"]) == ("own validation", 0)
    assert copied["seen"] == "learned in part"
    assert copied["n_learned"] == copied["n_images"] - own["n_images"] > 0


def test_a_picture_that_cannot_be_read_is_told_before_any_training(
    two_sets: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    def train(arguments: Sequence[str], log: Path) -> int:
        raise AssertionError("trained")

    other = Path(shutil.copytree(two_sets / "other", tmp_path / "other"))
    (other / "COVID" / "7.png").write_bytes(b"\x89PNG, cut off")
    plan = Plan(("full",), seeds=(1,), recipe=recipe)
    one = Source(str(two_sets / "one"))
    with pytest.raises(UnreadableError, match=r"7\.png"):
        cross(plan, [one], [one, Source(str(other))], tmp_path / "out", train=train)
    assert not (tmp_path / "out").exists()


def test_tables_go_to_the_sources_that_they_name() -> None:
    one, other = Source("data/one"), Source("data/other")
    assert with_tables(["other=a/b=c.csv"], [one], [one, other]) == (
        [one],
        [one, Source("data/other", patients="a/b=c.csv")],
    )


def test_a_table_of_patients_is_what_intervals_are_over(
    two_sets: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    rows = [f"{c}/{n}.png,{c}-{n // 4}" for c in ("COVID", "NonCOVID") for n in range(12)]
    (tmp_path / "patients.csv").write_text("\n".join(["file,patient", *rows]))
    one = Source(str(two_sets / "one"), patients=str(tmp_path / "patients.csv"))
    other = Source(str(two_sets / "other"))
    plan = Plan(("full",), seeds=(1,), recipe=recipe)
    record = cross(plan, [one], [one, other], tmp_path / "out", train=train_here)
    own, _, unseen, _ = record["rows"]
    assert (own["clustered_by"], own["n_images"]) == ("patient", 4 * own["n_groups"])
    assert (unseen["clustered_by"], unseen["n_groups"]) == ("image", 24)


def test_what_changed_since_it_was_judged_is_judged_again(
    two_sets: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    """Patients, labels and pictures of a set that was not trained on; the cell is used again."""
    root = Path(shutil.copytree(two_sets / "other", tmp_path / "other"))
    rows = [f"{c}/{n}.png,{c}-{n // 4}" for c in ("COVID", "NonCOVID") for n in range(12)]
    (tmp_path / "patients.csv").write_text("\n".join(["file,patient", *rows]))
    one, other = Source(str(two_sets / "one")), Source(str(root))
    plan, trained = Plan(("full",), seeds=(1,), recipe=recipe), []

    def train(arguments: Sequence[str], log: Path) -> int:
        trained.append(log.parent.name)
        return train_here(arguments, log)

    def tested(source: Source) -> list[tuple[Any, ...]]:
        """Of the network and of stage 1 alone."""
        record = cross(plan, [one], [source], tmp_path / "out", train=train)
        keys = ("clustered_by", "n_groups", "n_images", "n_positive")
        return [tuple(row[key] for key in keys) for row in record["rows"]]

    assert tested(other) == [("image", 24, 24, 12)] * 2
    known = replace(other, patients=str(tmp_path / "patients.csv"))
    assert tested(known) == [("patient", 6, 24, 12)] * 2
    shutil.copy(root / "COVID" / "3.png", root / "COVID" / "new.png")
    assert tested(known) == [("patient", 7, 25, 13)] * 2
    assert tested(replace(known, positive="NonCOVID")) == [("patient", 7, 25, 12)] * 2
    assert trained == ["one.full-seed1"]


def test_a_source_may_name_its_layout() -> None:
    assert source_of("covid-ct:a/b") == Source("a/b", "covid-ct", "COVID")
    assert source_of("covid-ct:a/b", "ill") == Source("a/b", "covid-ct", "COVID")
    assert source_of("folders:c", "ill") == Source("c", "folders", "ill")
    assert source_of("C:data") == Source("C:data", "folders", "COVID")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--train", "gone"], "there is no folder gone"),
        (["--test", "covid-ct:gone"], "there is no folder gone"),
        (["--patients", "gone.csv"], "'gone.csv' should be FOLDER=CSV"),
        (["--patients", "two=p.csv"], "or --test: one"),
        (["--patients", "one=gone.csv"], "cannot read the patients in gone.csv"),
        (["--config", "gone.yaml"], "there is no file gone.yaml"),
        (["--out", "."], "has other things than cells"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(
    two_sets: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: list[str],
    words: str,
) -> None:
    given = ["--train", str(two_sets / "one"), "--out", str(tmp_path / "out")]
    assert main([*given, *change]) == 2
    said = capsys.readouterr()
    assert words in said.err.strip().splitlines()[-1]
    assert said.out == ""
    assert not (tmp_path / "out").exists()


def test_two_sets_of_one_name_are_refused(
    two_sets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one").symlink_to(two_sets / "other")
    given = ["--train", str(two_sets / "one"), str(tmp_path / "one"), "--out", str(tmp_path / "x")]
    assert main(given) == 2
    assert "have one name" in capsys.readouterr().err
