"""Intervals over papers instead of patients."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import openpyxl
import pytest

from covidcls.ablation.predictions import JudgedSlice, write_predictions

PAPERS, PATIENTS = 8, 3  # sick ones: of each paper so many patients


@pytest.fixture
def script(benchmark_script: Callable[..., ModuleType]) -> ModuleType:
    return benchmark_script("clustered_by_paper")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """COVID-CT with sick patients of few papers, and as many well ones of none."""
    root = tmp_path / "covid-ct"
    sick = [f"2020.{paper}-p{n}-1.png" for paper in range(PAPERS) for n in range(PATIENTS)]
    well = [f"{number}.png" for number in range(len(sick))]
    for name, files in (("COVID", sick), ("NonCOVID", well)):
        lists = root / "Data-split" / name
        lists.mkdir(parents=True)
        folder = root / "Images-processed" / f"CT_{name}"
        folder.mkdir(parents=True)
        for file in files:
            (folder / file).touch()
        (lists / f"trainCT_{name}.txt").write_text("\n".join(files[2:]))
        (lists / f"valCT_{name}.txt").write_text("\n".join(files[:2]))
    book = openpyxl.Workbook()
    for row in [("name", "patient"), *((file, f"Patient {n}") for n, file in enumerate(sick))]:
        book.active.append(row)
    book.save(root / "COVID-CT-MetaInfo.xlsx")
    with (root / "NonCOVID-CT-MetaInfo.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image name", "patient id"])
        writer.writerows((name, f"N{n}") for n, name in enumerate(well))
    return root


def run_of(folder: Path, data: Path, prefix: str = "") -> Path:
    """Two folds of a row in which all patients of a paper are ranked alike."""
    for fold in range(2):
        slices = []
        for label, name in ((1, "COVID"), (0, "NonCOVID")):
            for number, file in enumerate(
                sorted((data / "Images-processed" / f"CT_{name}").iterdir())
            ):
                group = number // PATIENTS if label else number
                if group % 2 != fold:
                    continue
                who = f"{prefix}Patient {number}" if label else f"{prefix}N{number}"
                path = f"{prefix}Images-processed/CT_{name}/{file.name}"
                found = 0.9 - 0.15 * (group // 2) if label else 0.1 + 0.03 * number
                slices.append(JudgedSlice(path, label, who, found))
        if prefix:
            slices.append(JudgedSlice("other/COVID/1.png", 1, "file:other/COVID/1.png", 0.5))
        cell = folder / "cells" / f"row-seed1-fold{fold}"
        cell.mkdir(parents=True)
        write_predictions(cell / "predictions.csv", slices)
    return folder


def test_papers_are_drawn_with_all_their_patients(
    script: ModuleType, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, refit = run_of(tmp_path / "a", data), run_of(tmp_path / "b", data, "covid-ct/")
    rows = ["--row", "one", str(run), "row", "--row", "two", str(refit), "row"]
    out = tmp_path / "found.json"
    assert script.main([str(data), *rows, "--minus", "two", "one", "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    sick = PAPERS * PATIENTS
    assert (found["images"], found["patients"], found["patients_with_covid"]) == (48, 48, sick)
    assert (found["units"], found["units_with_covid"]) == (sick + PAPERS, PAPERS)
    assert found["rows"]["one"] == found["rows"]["two"]  # of its other source, nothing
    widths = {unit: auc["high"] - auc["low"] for unit, auc in found["rows"]["one"].items()}
    assert widths["paper"] > 1.2 * widths["patient"]
    assert found["differences"]["two minus one"]["paper"]["value"] == 0


def test_wrong_names_are_one_sentence(
    script: ModuleType, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = run_of(tmp_path / "a", data), ["--out", str(tmp_path / "found.json")]
    assert script.main([str(data), "--row", "one", str(run), "rows", *out]) == 2
    assert "has no fold of rows; name what" in capsys.readouterr().err
    row = ["--row", "one", str(run), "row"]
    assert script.main([str(data), *row, "--minus", "one", "two", *out]) == 2
    assert "--minus names 'two', which no --row has" in capsys.readouterr().err
