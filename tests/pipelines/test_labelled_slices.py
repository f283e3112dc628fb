"""What both stages say of labelled pictures, one after the other."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from covidcls.data.pictures import LabelledPicture
from lungseg.errors import LungsegError
from pipelines.labelled_slices import predict_labelled
from pipelines.prediction import Prediction
from pipelines.two_stage import TwoStagePipeline


@pytest.fixture
def pipeline(tiny_weights: Path) -> TwoStagePipeline:
    """Both stages of the tiny weights."""
    return TwoStagePipeline.from_checkpoints(tiny_weights, device="cpu")


@pytest.fixture
def pictures(slices: Path) -> list[LabelledPicture]:
    """The slices of the folder, each of a patient."""
    files = sorted(slices.rglob("*.png"))
    return [LabelledPicture(file, number % 2, f"p{number}") for number, file in enumerate(files)]


def test_the_masks_of_judged_slices_are_let_go(
    pipeline: TwoStagePipeline,
    pictures: list[LabelledPicture],
    slices: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    masks: list[weakref.ref[Any]] = []
    predict = pipeline.predict

    def watched(*arguments: Any) -> list[Prediction]:
        found = predict(*arguments)
        masks.extend(weakref.ref(one.mask) for one in found)
        return found

    monkeypatch.setattr(pipeline, "predict", watched)
    judged = predict_labelled(pipeline, pictures, slices, 2)
    gc.collect()
    assert [one.status for one in judged] == ["ok"] * 7
    assert [mask() for mask in masks] == [None] * 7


def test_pictures_of_one_archive_have_their_own_names(
    pipeline: TwoStagePipeline, pictures: list[LabelledPicture], tmp_path: Path
) -> None:
    with ZipFile(tmp_path / "x.zip", "w") as archive:
        for one in pictures[:2]:
            archive.write(one.path, one.path.name)
    packed = LabelledPicture(tmp_path / "x.zip", 1, "p")
    judged = predict_labelled(pipeline, [packed], tmp_path)
    assert [one.path for one in judged] == [f"x.zip/{one.path.name}" for one in pictures[:2]]


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])  # a share, and its mount point
def test_a_folder_that_has_gone_is_no_unreadable_picture(
    pipeline: TwoStagePipeline, pictures: list[LabelledPicture], slices: Path, left: str
) -> None:
    def drop_out(done: int, _: int) -> None:
        if done == 3:
            slices.rename(f"{slices}-elsewhere")
            if left == "an empty folder":
                slices.mkdir()

    with pytest.raises(LungsegError, match=f"{slices} has gone"):
        predict_labelled(pipeline, pictures, slices, 1, drop_out)
