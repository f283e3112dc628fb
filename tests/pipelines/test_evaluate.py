"""The evaluate command: figures, rows and a sheet of pairs of images and masks."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.evaluate import main
from pipelines.evaluation_rows import CASE_COLUMNS, VOLUME_COLUMNS

Evaluate = Callable[..., tuple[int, str, str]]
Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def data(tmp_path: Path, drawn_slice: Draw) -> Path:
    """Four slices with the lungs that they show, and one without lung."""
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for number in range(4):
        picture = drawn_slice(140 + 20 * number)
        Image.fromarray(picture).save(tmp_path / "images" / f"s{number}.png")
        Image.fromarray(picture == 10).save(tmp_path / "masks" / f"s{number}.png")
    Image.new("L", (96, 96), 200).save(tmp_path / "images" / "empty.jpg")
    Image.new("L", (96, 96)).save(tmp_path / "masks" / "empty.bmp")
    rows = "slice,patient\ns0,ann\ns1,ann\ns2,bob\ns3,bob\nempty,eve\n"
    (tmp_path / "patients.csv").write_text(rows)
    return tmp_path


@pytest.fixture
def evaluate(data: Path, tiny_weights: Path, capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """Run ``evaluate seg`` on ``data`` into ``data/out``: (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        given = [str(one) for one in arguments]
        for option, value in (
            ("--images", data / "images"),
            ("--masks", data / "masks"),
            ("--out", data / "out"),
            ("--weights", tiny_weights),
        ):
            if option not in given:
                given += [option, str(value)]
        code = main(["seg", *given, "--device", "cpu"])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def rows_of(file: Path) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        return tuple(reader.fieldnames or ()), list(reader)


def metrics_in(data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((data / "out" / "metrics.json").read_text())
    return found


def test_pairs_become_figures_rows_and_a_sheet(evaluate: Evaluate, data: Path) -> None:
    code, said, error = evaluate("--patients", data / "patients.csv")
    assert (code, error) == (0, "")
    assert sorted(path.name for path in (data / "out").iterdir()) == [
        "cases.csv",
        "metrics.json",
        "worst.png",
    ]
    found = metrics_in(data)
    assert (found["n"], found["n_patients"], found["clustered_by"]) == (4, 2, "patient")
    for name in ("dice", "iou", "hd95", "surface_dice_2px"):
        assert found[name].keys() == {"mean", "low", "high", "median", "worst_decile"}
    assert 0.9 < found["dice"]["worst_decile"] <= found["dice"]["mean"] <= 1
    assert found["empty_slices"] == {"n": 1, "correctly_empty": 1}
    assert found["checkpoint"]["name"] == "dark"
    assert len(found["checkpoint"]["sha256"]) == 64
    assert (found["checkpoint"]["threshold"], found["checkpoint"]["lesion_threshold"]) == (0.5, 0.5)
    assert found["data"]["images"].endswith("/images")
    assert len(found["data"]["sha256"]) == 64
    assert {"python", "numpy", "torch"} <= found["versions"].keys()
    columns, rows = rows_of(data / "out" / "cases.csv")
    assert columns == CASE_COLUMNS
    assert [row["case"] for row in rows] == ["empty", "s0", "s1", "s2", "s3"]
    assert [row["patient"] for row in rows] == ["eve", "ann", "ann", "bob", "bob"]
    mean = np.mean([float(row["dice"]) for row in rows[1:]])
    assert found["dice"]["mean"] == pytest.approx(mean, abs=1e-4)
    assert float(rows[1]["true_fraction"]) == pytest.approx(2 * 40 * 24 / 96**2, abs=1e-6)
    assert f"{found['dice']['mean']:.3f}" in said
    assert str(data / "out" / "worst.png") in said


def test_json_prints_the_figures_and_nothing_else(evaluate: Evaluate, data: Path) -> None:
    code, said, _ = evaluate("--json", "--checkpoint", "dark")
    assert code == 0
    assert json.loads(said) == metrics_in(data)


def test_volumes_have_rows_and_figures_of_their_own(
    evaluate: Evaluate, data: Path, drawn_slice: Draw
) -> None:
    lungs = drawn_slice() == 10
    hu = np.where(np.stack([lungs, lungs, lungs & False]), -1300, 100).astype(np.int16)
    for folder, planes in (("ct", hu), ("truth", (hu < 0).astype(np.uint8))):
        (data / folder).mkdir()
        image = nibabel.Nifti1Image(planes.T, np.diag([-1.0, -1.0, 5.0, 1.0]))
        nibabel.save(image, data / folder / "scan.nii.gz")
    code, said, error = evaluate("--images", data / "ct", "--masks", data / "truth")
    assert (code, error) == (0, "")
    found = metrics_in(data)
    assert (found["n"], found["clustered_by"], found["n_groups"]) == (2, "volume", 1)
    assert found["volumes"]["n"] == 1
    assert found["volumes"]["dice"]["mean"] > 0.9
    assert found["empty_slices"] == {"n": 1, "correctly_empty": 1}
    columns, [row] = rows_of(data / "out" / "volumes.csv")
    assert columns == VOLUME_COLUMNS
    assert (row["case"], row["slices"], row["slices_with_target"]) == ("scan", "3", "2")
    assert float(row["dice"]) == pytest.approx(found["volumes"]["dice"]["mean"], abs=1e-4)
    assert "volumes" in said


def test_the_values_that_are_the_target_can_be_named(evaluate: Evaluate, data: Path) -> None:
    for mask in sorted((data / "masks").glob("s*.png")):
        lung = np.asarray(Image.open(mask), np.uint8)
        heart = np.zeros_like(lung)
        heart[:9] = 2
        Image.fromarray(np.maximum(lung, heart)).save(mask)
    assert evaluate("--labels", 1, "--overwrite")[0] == 0
    named = metrics_in(data)
    assert (named["values"], named["chosen_values"]) == ([0, 1, 2], [1])
    assert evaluate("--overwrite")[0] == 0
    assert metrics_in(data)["dice"]["mean"] < named["dice"]["mean"]


def test_what_needs_a_look_is_told_and_gives_exit_code_three(
    evaluate: Evaluate, data: Path
) -> None:
    Image.new("L", (50, 96)).save(data / "masks" / "s1.png")
    (data / "images" / "s2.png").write_bytes(b"")
    (data / "masks" / "s3.png").unlink()
    code, said, error = evaluate()
    assert (code, error) == (3, "")
    assert "1 images without mask: s3" in said
    assert "2 not judged, first s1: the image is 96 x 96 and its mask 50 x 96" in said
    _, rows = rows_of(data / "out" / "cases.csv")
    broken = {row["case"]: row for row in rows if row["status"] == "error"}
    assert broken.keys() == {"s1", "s2"}
    assert "s2.png is empty" in broken["s2"]["message"]
    assert not any(row["dice"] for row in broken.values())
    assert metrics_in(data)["n"] == 1


def test_masks_without_any_target_are_suspect(evaluate: Evaluate, data: Path) -> None:
    for mask in (data / "masks").iterdir():
        Image.new("L", (96, 96)).save(mask)
    code, said, _ = evaluate()
    assert code == 3 and "are they the right masks?" in said
    assert metrics_in(data)["dice"]["mean"] is None


def test_wrong_use_is_one_sentence_and_writes_nothing(evaluate: Evaluate, data: Path) -> None:
    masks = data / "masks"
    for arguments, words in (
        (("--images", data / "absent"), "absent does not exist"),
        (("--images", masks), "given for images and masks"),
        (("--images", data / "patients.csv"), "patients.csv is not an input"),
        (("--patients", data / "absent.csv"), "cannot read the patients"),
        (("--checkpoint", "drak"), "known there are: dark"),
        (("--target", "lesion"), "dark finds no lesions"),
        (("--out", data / "images" / "out"), "lies in the input"),
        (("--out", data / "patients.csv"), "is not a folder"),
    ):
        code, said, error = evaluate(*arguments)
        assert (code, said) == (2, ""), arguments
        assert error.count("\n") == 1
        assert words in error
    assert not (data / "out").exists()


def test_an_earlier_evaluation_is_replaced_only_when_told_to(
    evaluate: Evaluate, data: Path
) -> None:
    out = data / "out"
    assert evaluate()[0] == 0
    (out / "volumes.csv").write_text("of an earlier run")
    (out / "notes.txt").write_text("mine")
    before = (out / "metrics.json").read_bytes()
    code, _, error = evaluate()
    assert code == 2
    assert "--overwrite" in error and "--resume" not in error
    assert (out / "metrics.json").read_bytes() == before
    assert evaluate("--overwrite")[0] == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "cases.csv",
        "metrics.json",
        "notes.txt",
        "worst.png",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: WHAT"),
        (["segg"], "invalid choice: 'segg'"),
        (["seg"], "required: --images, --masks, --out"),
        (["seg", "--maks", "x"], "pipelines.evaluate"),
        (["seg", "--images=a", "--masks=b", "--out=c", "--targt=lung"], "did you mean --target"),
        (["seg", "--images=a", "--masks=b", "--out=c", "--batch-size=0"], "whole number from 1"),
        (["seg", "--images=a", "--masks=b", "--out=c", "--labels=0"], "--labels"),
    ],
)
def test_wrong_arguments_are_told(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_real_slices_are_scored(evaluate: Evaluate, data: Path, shared_data: Path) -> None:
    """Masks of 1 bit, names of another suffix and the set's own table of patients fit."""
    root = shared_data / "lung-masks"
    for folder in ("real", "truth"):
        (data / folder).mkdir()
    for stem in ("0000", "1600"):
        (data / "real" / f"{stem}.jpg").symlink_to(root / "images" / f"{stem}.jpg")
        (data / "truth" / f"{stem}.png").symlink_to(root / "lung_masks" / f"{stem}.png")
    patients = root / "slices.csv"
    options = ("--images", data / "real", "--masks", data / "truth", "--patients", patients)
    assert evaluate(*options)[0] == 0
    found = metrics_in(data)
    assert (found["n"], found["n_patients"]) == (2, 2)
    assert found["messages"] == [
        "an interval over 2 patients is a range, not more",
        "1,612 of the 1,614 rows of slices.csv name no file here, the first 0001",
    ]
    _, rows = rows_of(data / "out" / "cases.csv")
    assert float(rows[0]["true_fraction"]) == pytest.approx(1584 / 256**2, abs=1e-6)
