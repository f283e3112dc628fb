"""Cases from the rows of their slices."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lungseg.io import Input, Part
from pipelines.case_table import CASE_COLUMNS, row_of_case, write_cases
from pipelines.cases import Case, CaseBy, cases_of
from pipelines.prediction import Prediction, unreadable
from pipelines.results import row_of

THRESHOLD, BAND = 0.5, (0.3, 0.6)


def given(name: str, format_: str = "PNG") -> Input:
    return Input(name, (Part(Path(name), name),), format_)


def ok(path: str, index: int, probability: float, **also: Any) -> tuple[str, ...]:
    """A row of a slice of four pixels: two of lung, of which one is lesion."""
    lung, lesion = np.array([True, True, False, False]), np.array([True, False, False, True])
    label = "COVID" if probability >= THRESHOLD else "non-COVID"
    voxel_ml, message = also.get("voxel_ml"), also.get("message", "")
    return row_of(
        Prediction(
            path,
            index,
            "ok",
            probability,
            label,
            THRESHOLD,
            0.5,
            also.get("lesion_fraction", 0.5),
            (0, 0, 1, 1),
            lung[None],
            message,
            lesion=lesion[None],
            voxel_ml=voxel_ml,
        )
    )


def failed(path: str, index: int, message: str = "torn") -> tuple[str, ...]:
    return row_of(unreadable(path, index, THRESHOLD, message))


def cases(
    rows: Sequence[tuple[str, ...]], inputs: Sequence[Input], by: CaseBy = "file"
) -> list[Case]:
    return list(cases_of(rows, inputs, by, THRESHOLD, BAND))


def test_a_series_has_the_mean_of_its_judged_slices_and_names_the_highest() -> None:
    rows = [ok("ct", index, p) for index, p in enumerate((0.1, 0.9, 0.4, 0.8))]
    [case] = cases([*rows, failed("ct", 4)], [given("ct", "DICOM")])
    assert (case.name.kind, case.slices, case.ok) == ("series", 5, 4)
    assert (case.probability, case.label, case.band) == (0.55, "COVID", "indeterminate")
    assert [one.index for one in case.deciding] == [1, 3, 2]
    assert case.message == "1 of 5 slices unreadable; torn (1 of 5 slices)"


def test_every_picture_is_a_case_or_every_folder_of_pictures() -> None:
    names = ["a/x.png", "a/y/z.png", "a/z.tif", "top.png", "volume.nii.gz"]
    inputs = [given(name) for name in names[:4]] + [given(names[4], "NIfTI")]
    rows = [ok(name, 0, 0.1 * place) for place, name in enumerate(names)]
    rows.insert(3, ok("a/z.tif", 1, 0.6))
    by_file = cases(rows, inputs)
    assert [case.name.path for case in by_file] == names
    assert [case.slices for case in by_file] == [1, 1, 2, 1, 1]
    by_folder = {case.name.path: case for case in cases(rows, inputs, "folder")}
    assert {path: case.slices for path, case in by_folder.items()} == {
        "a/y": 1,
        "a": 3,
        ".": 1,
        "volume.nii.gz": 1,
    }
    assert row_of_case(by_folder["a"])[CASE_COLUMNS.index("deciding")] == "z.tif#1; z.tif; x.png"


def test_a_volume_that_cannot_be_read_is_no_picture() -> None:
    one = given("a/v.nii.gz", "")
    [case] = cases([failed("a/v.nii.gz", 0)], [one], "folder")
    assert (case.name, case.probability, case.label) == (("a/v.nii.gz", "volume"), None, None)
    assert case.message == "unreadable; torn"


def test_volumes_add_up_and_the_lesion_share_is_that_of_the_whole() -> None:
    rows = [ok("ct", 0, 0.1, voxel_ml=1.0), ok("ct", 1, 0.1, voxel_ml=2.0), failed("ct", 2)]
    [case] = cases(rows, [given("ct", "DICOM")])
    assert (case.lung_ml, case.lesion_fraction) == (6.0, 0.5)


def test_no_volume_is_made_up_where_a_spacing_is_missing() -> None:
    rows = [ok("ct", 0, 0.1, voxel_ml=1.0), ok("ct", 1, 0.1)]
    [case] = cases(rows, [given("ct", "DICOM")])
    assert (case.lung_ml, case.lesion_fraction) == (None, None)
    [picture] = cases([ok("p.png", 0, 0.1, lesion_fraction=0.25)], [given("p.png")])
    assert (picture.lung_ml, picture.lesion_fraction) == (None, 0.25)


def test_what_was_said_is_told_once_with_its_number_of_slices() -> None:
    rows = [ok("ct", index, 0.1, message="tilted; assumed") for index in range(3)]
    [case] = cases([*rows, ok("ct", 3, 0.1, message="assumed")], [given("ct", "DICOM")])
    assert case.message == "assumed; tilted (3 of 4 slices)"


@pytest.mark.parametrize("most", [1, 2, 9])
def test_the_table_has_all_cases_and_the_highest_come_back_first(tmp_path: Path, most: int) -> None:
    values = [0.2, None, 0.7, 0.4]
    names = [f"{place}.png" for place in range(4)]
    rows = [
        failed(name, 0) if value is None else ok(name, 0, value)
        for name, value in zip(names, values, strict=True)
    ]
    found = cases_of(rows, [given(name) for name in names], "file", THRESHOLD, BAND)
    counts, highest = write_cases(found, tmp_path / "cases.csv", most)
    assert counts == {"cases": 4, "COVID": 1, "non-COVID": 2, "without": 1}
    assert [case.name.path for case in highest] == ["2.png", "3.png", "0.png", "1.png"][:most]
    with (tmp_path / "cases.csv").open(newline="") as file:
        table = list(csv.reader(file))
    assert tuple(table[0]) == CASE_COLUMNS
    assert [row[0] for row in table[1:]] == names
