"""The shipped networks on what they must judge and on what they must refuse."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lungseg.phantom.radiograph import chest_radiograph
from pipelines import Prediction, TwoStagePipeline
from pipelines.predict import main

RowsOf = Callable[[Path], list[dict[str, str]]]

# The abdominal slices that show the base of a lung, by eye (of the last one a sliver).
SHOW_LUNG = {
    "abdominal-ct/liver_flipped_10058_29.jpg",
    "abdominal-ct/liver_flipped_10073_117.jpg",
    "abdominal-ct/liver_mirrored_10046_121.jpg",
    "abdominal-ct/liver_mirrored_10061_79.jpg",
    "abdominal-ct/liver_mirrored_10089_133.jpg",
    "abdominal-ct/liver_mirrored_10078_112.jpg",
}


@pytest.fixture(scope="module")
def pipeline(repository: Path) -> TwoStagePipeline:
    if not (repository / "checkpoints" / "defaults.json").is_file():
        pytest.skip("no weights are shipped yet")
    return TwoStagePipeline.from_checkpoints(device="cpu")


@pytest.mark.usefixtures("pipeline")
def test_the_samples_are_all_well_from_any_working_directory(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_of: RowsOf
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([str(repository / "samples"), "--quiet"]) == 0
    with (repository / "samples" / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {(row["path"], row["slice"]): row for row in csv.DictReader(file)}
    rows = rows_of(tmp_path / "predictions")
    assert {(row["path"], row["slice"]) for row in rows} == truth.keys()
    for row in rows:
        drawn = truth[row["path"], row["slice"]]
        assert row["status"] == ("no_lung" if drawn["finding"] == "no_lung" else "ok"), row
        assert float(row["lung_fraction"]) == pytest.approx(
            float(drawn["lung_fraction"]), abs=0.03
        ), row


@pytest.mark.parametrize("name", ["lesions-and-look", "efficientnet-b4-crop"])
def test_what_judges_lesions_goes_with_the_stage_one_beside_it(repository: Path, name: str) -> None:
    checkpoints = repository / "checkpoints"
    cards = [
        json.loads((checkpoints / f"{one}.json").read_text())
        for one in (name, json.loads((checkpoints / "defaults.json").read_text())["segmenter"])
    ]
    assert cards[0]["segmenter"]["sha256"] == cards[1]["sha256"]


@pytest.mark.parametrize("seed", range(4))
def test_a_chest_radiograph_gets_no_diagnosis(pipeline: TwoStagePipeline, seed: int) -> None:
    result = pipeline(chest_radiograph(np.random.default_rng(seed)))
    assert isinstance(result, Prediction)
    assert result.status == "not_ct"
    assert result.probability is None


@pytest.mark.usefixtures("pipeline")
def test_foreign_pictures_get_no_diagnosis_unless_they_show_lung(
    shared_data: Path, tmp_path: Path, rows_of: RowsOf
) -> None:
    folder = shared_data / "not-chest-ct"
    main([str(folder), "--out", str(tmp_path), "--no-overlays", "--quiet"])
    judged = [row["path"] for row in rows_of(tmp_path) if row["status"] == "ok"]
    assert set(judged) <= SHOW_LUNG


@pytest.mark.slow
@pytest.mark.usefixtures("pipeline")
def test_real_slices_of_covid_patients_are_judged(
    shared_data: Path, tmp_path: Path, rows_of: RowsOf
) -> None:
    folder = shared_data / "covid-ct" / "Images-processed" / "CT_COVID"
    main([str(folder), "--out", str(tmp_path), "--no-overlays", "--quiet"])
    rows = rows_of(tmp_path)
    assert len(rows) == len(list(folder.iterdir()))
    assert sum(row["status"] == "ok" for row in rows) >= 0.95 * len(rows)
