"""Figures of an evaluation: over what, with which intervals, and what they say in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.evaluation.evaluate import evaluate
from lungseg.evaluation.pairs import find_pairs
from lungseg.evaluation.report import metrics
from lungseg.phantom import make_phantom

Bar = Callable[..., NDArray[np.bool_]]


def test_figures_are_over_slices_with_target_and_the_rest_is_counted(
    folder: Path, segmenter: Any
) -> None:
    found = metrics(evaluate(segmenter, find_pairs(folder / "images", folder / "masks")))
    assert (found["n"], found["n_groups"], found["n_patients"]) == (3, 3, None)
    assert found["clustered_by"] == "slice"
    assert found["dice"]["mean"] == pytest.approx((1 + 0.8 + 0) / 3, abs=1e-4)
    assert (found["dice"]["median"], found["dice"]["worst_decile"]) == (0.8, 0)
    assert found["hd95"]["worst_decile"] == pytest.approx(np.hypot(40, 50), abs=1e-4)
    assert found["dice"]["low"] <= found["dice"]["mean"] <= found["dice"]["high"]
    assert found["empty_slices"] == {"n": 2, "correctly_empty": 1}
    assert "dice_pooled" not in found and "volumes" not in found
    assert found["messages"] == ["an interval over 3 slices is a range, not more"]
    assert (found["values"], found["chosen_values"]) == ([0, 255], None)


def test_lesions_are_pooled_over_all_slices(folder: Path, segmenter: Any) -> None:
    found = evaluate(segmenter, find_pairs(folder / "images", folder / "masks"))
    as_lesions = metrics(replace(found, target="lesion"))
    common = 200 + 160
    predicted_and_true = 3 * 200 + 3 * 200  # one missed, one invented
    expected = 2 * common / predicted_and_true
    assert as_lesions["dice_pooled"]["value"] == pytest.approx(expected, abs=1e-4)
    assert as_lesions["dice_pooled"]["low"] < expected < as_lesions["dice_pooled"]["high"]


def test_intervals_are_over_patients_where_they_are_known(folder: Path, segmenter: Any) -> None:
    pairs = find_pairs(folder / "images", folder / "masks")
    patients = {"a-found": "ann", "b-moved": "ann", "d-empty": "ann"}
    found = metrics(evaluate(segmenter, pairs, patients=patients))
    assert (found["clustered_by"], found["n_patients"], found["n_groups"]) == ("patient", 1, 2)
    message, few = found["messages"]
    assert few == "an interval over 2 patients is a range, not more"
    assert message.startswith("2 cases have no patient")
    assert "c-missed, e-invented" in message
    alone = metrics(evaluate(segmenter, pairs, patients=patients | {"c-missed": "ann"}))
    assert alone["dice"]["low"] == alone["dice"]["mean"] == alone["dice"]["high"]
    assert any("without width" in message for message in alone["messages"])


def test_lesions_that_cover_the_lungs_are_told_with_the_values_to_choose_from(
    tmp_path: Path, segmenter: Any, bar: Bar
) -> None:
    lungs, lesion = bar(5, 20), bar(5, 4)
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    picture = np.where(lesion, 10, np.where(lungs, 60, 200))
    Image.fromarray(picture.astype(np.uint8)).save(tmp_path / "images" / "a.png")
    mask = np.where(lesion, 2, lungs)  # as predict --masks writes it
    Image.fromarray(mask.astype(np.uint8)).save(tmp_path / "masks" / "a.png")
    pairs = find_pairs(tmp_path / "images", tmp_path / "masks")
    whole = evaluate(segmenter, pairs, "lesion")
    assert whole.needs_look
    said = metrics(whole)["messages"][0]
    assert "covers 100% of the lungs found; the masks have the values 0, 1, 2: say by" in said
    chosen = evaluate(segmenter, pairs, "lesion", chosen=[2])
    found = metrics(chosen)
    assert not chosen.needs_look
    assert (found["dice"]["mean"], found["chosen_values"]) == (1, [2])


def test_what_cannot_be_judged_is_counted_and_the_rest_goes_on(
    folder: Path, segmenter: Any
) -> None:
    (folder / "images" / "b-moved.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "masks" / "d-empty.png").unlink()
    pairs = find_pairs(folder / "images", folder / "masks")
    found = evaluate(segmenter, pairs, batch_size=2)
    assert found.needs_look
    assert [one.case for one in found.errors] == ["b-moved"]
    figures = metrics(found)
    assert figures["slices"] == {"judged": 3, "errors": 1}
    assert figures["files"] == {"paired": 4, "images_without_mask": 1, "masks_without_image": 0}
    assert figures["messages"][0] == "1 images without mask: d-empty"
    assert figures["messages"][1].startswith("1 not judged, first b-moved: b-moved.png")


def test_without_a_slice_of_a_kind_its_figures_are_null(
    tmp_path: Path, write_pair: Callable[..., None], segmenter: Any
) -> None:
    nothing = np.zeros((40, 50), bool)
    write_pair("empty", nothing, nothing)
    pairs = find_pairs(tmp_path / "images", tmp_path / "masks")
    found = metrics(evaluate(segmenter, pairs, "lesion"))
    assert found["n"] == 0
    assert set(found["dice"].values()) == set(found["dice_pooled"].values()) == {None}


def test_a_volume_is_scored_slice_by_slice_and_as_one(tmp_path: Path, segmenter: Any) -> None:
    levels = (1.2, 0.8, 0.5, 0.1)
    for seed in (1, 2):
        slices = [make_phantom(z, size=64, seed=seed) for z in levels]
        for folder, planes in (
            ("images", [one.hu.astype(np.int16) for one in slices]),
            ("masks", [one.lung.astype(np.uint8) for one in slices]),
        ):
            (tmp_path / folder).mkdir(exist_ok=True)
            volume = nibabel.Nifti1Image(np.stack(planes).T, np.diag([-1.0, -1, 5, 1]))
            nibabel.save(volume, tmp_path / folder / f"ct{seed}.nii.gz")
    found = evaluate(segmenter, find_pairs(tmp_path / "images", tmp_path / "masks"), batch_size=3)
    figures = metrics(found)
    assert [(one.case, one.slice) for one in found.cases] == [
        (f"ct{seed}", index) for seed in (1, 2) for index in range(4)
    ]
    assert figures["clustered_by"] == "volume"
    assert (figures["n"], figures["n_groups"], figures["empty_slices"]["n"]) == (6, 2, 2)
    first = [one.scores.overlap for one in found.cases[:4] if one.scores]
    common, total = sum(o.common for o in first), sum(o.predicted + o.true for o in first)
    assert found.volumes[0].overlap.dice == pytest.approx(2 * common / total)
    pooled = [volume.overlap.dice for volume in found.volumes]
    assert figures["volumes"]["n"] == 2
    assert figures["volumes"]["dice"]["mean"] == pytest.approx(np.mean(pooled), abs=1e-4)
    assert figures["volumes"]["dice"]["low"] == pytest.approx(min(pooled), abs=1e-4)
    first_case, *others = found.cases
    broken = replace(first_case, scores=None, error="cannot be decoded")
    partly = replace(found, cases=(broken, *others))
    assert [volume.is_whole for volume in partly.volumes] == [False, True]
    assert metrics(partly)["volumes"]["n"] == 1
    assert metrics(partly)["volumes"]["dice"]["mean"] == pytest.approx(pooled[1], abs=1e-4)
