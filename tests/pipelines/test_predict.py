"""The predict command: a row a slice, whole files, and what its options change in them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Predict = Callable[..., tuple[int, str, str]]
RowsOf = Callable[[Path], list[dict[str, str]]]
Refused = Callable[..., None]
Draw = Callable[..., NDArray[np.uint8]]


def test_a_folder_becomes_rows_overlays_and_a_record(
    predict: Predict, slices: Path, tmp_path: Path, tiny_weights: Path, rows_of: RowsOf
) -> None:
    out = tmp_path / "new" / "out"
    code, said, error = predict(slices, "--out", out, "--batch-size", 3)
    assert (code, error) == (0, "")
    rows = rows_of(out)
    assert [row["path"] for row in rows] == [
        "case/slice.png",
        *[f"slice{number}.png" for number in range(6)],
    ]
    for row in rows:
        assert (row["slice"], row["status"], row["threshold"]) == ("0", "ok", "0.500000")
        assert row["label"] == ("COVID" if float(row["probability"]) >= 0.5 else "non-COVID")
        assert 0 < float(row["lung_fraction"]) < 1
        assert int(row["x_min"]) < int(row["x_max"])
        assert int(row["y_min"]) < int(row["y_max"])
    assert sorted(path.name for path in out.iterdir()) == [
        "cases.csv",
        "overlays",
        "predictions.csv",
        "report.html",
        "run.json",
    ]
    overlays = {str(path.relative_to(out / "overlays")) for path in out.rglob("*.png")}
    assert overlays == {f"{row['path']}.png" for row in rows}
    record = json.loads((out / "run.json").read_text())
    assert record["status"] == {"ok": 7, "no_lung": 0, "not_ct": 0, "unreadable": 0}
    assert (record["operating_point"], record["threshold"]) == ("youden", 0.5)
    assert record["weights"]["segmenter"]["name"] == "dark"
    assert len(record["weights"]["classifier"]["sha256"]) == 64
    assert {"python", "numpy", "torch", "lungseg-covid"} <= record["versions"].keys()
    assert "not a medical device" in record["note"]
    assert "not a medical device" in said
    assert str(out / "predictions.csv") in said


def test_cases_report_and_masks_are_as_the_options_say(
    predict: Predict, slices: Path, tmp_path: Path, assert_refused: Refused
) -> None:
    out = tmp_path / "out"
    code, said, _ = predict(slices, "--out", out, "--case", "folder", "--masks", "--no-report")
    assert code == 0
    assert "cases              2   COVID" in said
    with (out / "cases.csv").open(encoding="utf-8", newline="") as file:
        cases = list(csv.DictReader(file))
    assert [(row["path"], row["case"], row["ok"]) for row in cases] == [
        ("case", "folder", "1"),
        (".", "folder", "6"),
    ]
    assert not (out / "report.html").exists()
    assert (out / "masks" / "case" / "slice.png.png").is_file()
    assert_refused(predict(out / "masks", "--out", out, "--overwrite"), "the masks of")
    assert predict(slices, "--out", out, "--overwrite", "--no-report")[0] == 0
    assert not (out / "masks").exists()


def test_heat_maps_stand_in_the_overlays_and_change_no_row(
    predict: Predict, slices: Path, tmp_path: Path, rows_of: RowsOf, assert_refused: Refused
) -> None:
    Image.new("L", (96, 96)).save(slices / "black.png")  # refused, so that there is no map of it
    for name, options in {"plain": (), "heat": ("--heat-map",)}.items():
        assert predict(slices, "--out", tmp_path / name, *options)[0] == 3
    plain, heat = (tmp_path / name for name in ("plain", "heat"))
    assert rows_of(plain) == rows_of(heat)
    for file in plain.rglob("*.png"):
        one, other = (Image.open(path) for path in (file, heat / file.relative_to(plain)))
        assert other.width == one.width * (1 if file.name == "black.png.png" else 2)
    assert '<figure class="pair">' in (heat / "report.html").read_text("utf-8")
    assert_refused(predict(slices, "--out", plain, "--resume", "--heat-map"), "--heat-map")


def test_hu_are_seen_through_the_window_that_was_chosen(
    predict: Predict,
    slices: Path,
    tmp_path: Path,
    drawn_slice: Draw,
    rows_of: RowsOf,
    assert_refused: Refused,
) -> None:
    import nibabel

    hu = drawn_slice().astype(np.int16) * 5 - 1100
    volume = nibabel.Nifti1Image(hu.T[:, :, None], np.diag([-0.7, -0.7, 2.0, 1]))
    nibabel.save(volume, tmp_path / "ct.nii.gz")
    for name in ("-600,1500", "bone"):
        out = tmp_path / name
        assert predict(tmp_path / "ct.nii.gz", "--out", out, "--window", name)[0] == 0
    shades = [
        np.asarray(Image.open(tmp_path / name / "overlays" / "ct.nii.gz.png"))[5, 5, 0]
        for name in ("-600,1500", "bone")
    ]
    assert shades[0] > shades[1] > 0
    [row] = rows_of(tmp_path / "bone")
    assert float(row["lung_ml"]) == pytest.approx(
        float(row["lung_fraction"]) * 96 * 96 * 0.7 * 0.7 * 2 / 1000, rel=1e-4
    )
    again = (tmp_path / "ct.nii.gz", "--out", tmp_path / "bone", "--resume")
    assert_refused(predict(*again), "--window")


def test_json_prints_the_record_and_nothing_else(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    code, said, _ = predict(slices, "--out", tmp_path / "out", "--json", "--no-overlays")
    assert code == 0
    assert json.loads(said) == json.loads((tmp_path / "out" / "run.json").read_text())
    assert not (tmp_path / "out" / "overlays").exists()


def test_batch_size_and_workers_leave_the_rows_as_they_are(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    for name, arguments in {"a": ("--workers", 0), "b": ("--workers", 3)}.items():
        assert predict(slices, "--out", tmp_path / name, *arguments)[0] == 0
    one, other = (tmp_path / name / "predictions.csv" for name in "ab")
    assert one.read_bytes() == other.read_bytes()
