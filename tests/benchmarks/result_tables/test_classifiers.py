"""What is measured of stage 2 stands in the tables of the documents, each figure in its column."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Figure = Callable[..., dict[str, Any]]
RowsOf = Callable[[str], list[dict[str, str]]]
Said = Callable[[str, dict[str, Any]], str]

NAMES = ("auc", "accuracy", "recall", "specificity")


@pytest.fixture
def said(benchmark_script: Callable[..., ModuleType], tmp_path: Path) -> Said:
    """What a table says of a result."""
    tables = benchmark_script("result_tables.classifiers")
    file = tmp_path / "result.json"

    def say(table: str, result: dict[str, Any]) -> str:
        assert getattr(tables, table)(tmp_path / "gone.json") == "not measured"
        file.write_text(json.dumps(result))
        text: str = getattr(tables, table)(file)
        return text

    return say


def test_elsewhere_a_share_has_an_auc_alone(said: Said, figure: Figure, rows_of: RowsOf) -> None:
    counts = {"data": "ct", "images": 30, "refused": 2, "positive": 13}
    network = {name: figure(0.9 - n / 10) for n, name in enumerate(NAMES)}
    text = said(
        "elsewhere", {**counts, "figures": {"lesion share": {"auc": figure(0.65)}, "net": network}}
    )
    share, net = rows_of(text)
    assert share == {
        "what ranks the slices": "lesion share",
        "AUC": "0.650 (0.600 to 0.700)",
        "accuracy": "-",
        "recall": "-",
        "specificity": "-",
    }
    assert [cell[:5] for cell in net.values()] == ["net", "0.900", "0.800", "0.700", "0.600"]
    assert "ct: 28 of 30 slices judged (13 COVID), 2 refused by the guard" in text


def test_the_ablation_has_the_difference_from_its_reference(
    said: Said, figure: Figure, rows_of: RowsOf
) -> None:
    figures = {name: figure(0.9 - n / 10) for n, name in enumerate(NAMES)}
    full = {**figures, "name": "full", "ece": figure(0.2), "ece_by_chance": 0.04, "against": None}
    against = {"auc": -0.005, "low": -0.045, "high": 0.035, "p": 0.4, "p_holm": 0.81}
    against["accuracy_p_holm"] = 0.0004
    crop = {**full, "name": "crop-r5", "auc": figure(0.85), "against": against}
    result = {
        "reference": "full",
        "seeds": [1, 3],
        "data": {"name": "ct", "judged_on": "5 folds"},
        "n_images": 40,
        "n_groups": 20,
        "clustered_by": "patient",
        "rows": [full, crop],
        "floors": [
            {"what": "a forest, AUC on validation", "value": 0.61, "low": None},
            {"what": "metadata", "value": 0.9, "low": 0.8},
        ],
    }
    text = said("ablation", result)
    base, other = rows_of(text)
    assert base["AUC minus full"] == "-"
    assert other == {
        "row": "crop-r5",
        "AUC": "0.850 (0.800 to 0.900)",
        "accuracy": "0.800 (0.750 to 0.850)",
        "recall": "0.700 (0.650 to 0.750)",
        "specificity": "0.600 (0.550 to 0.650)",
        "AUC minus full": "-0.005 (-0.045 to +0.035), p 0.81",
        "accuracy against full, p": "<0.001",
        "calibration error (by chance)": "0.200 (0.040)",
    }
    assert text.endswith(
        "after Holm. Floors, AUC: a forest: 0.610, mean over folds; metadata: 0.900."
    )
    assert "ct, 5 folds: 40 slices of 20 patients, seed 1, 3. AUC minus full: DeLong" in text


def test_the_transfer_has_a_column_for_each_test_and_a_dash_where_there_was_none(
    said: Said, figure: Figure, rows_of: RowsOf
) -> None:
    of = [("crop", "a", "a", 0.9), ("crop", "a", "b", 0.7), ("share", "no label", "b", 0.8)]
    counts = {"n_images": 30, "n_groups": 9, "clustered_by": "patient", "seen": "unseen"}
    rows = [
        {"row": row, "trained_on": trained, "tested_on": tested, "auc": figure(auc), **counts}
        for row, trained, tested, auc in of
    ]
    crop, share = rows_of(said("transfer", {"rows": rows}))
    assert crop == {
        "what ranks the slices": "crop",
        "trained on": "a",
        "AUC on a": "0.900 (0.850 to 0.950)",
        "AUC on b": "0.700 (0.650 to 0.750)",
    }
    assert (share["AUC on a"], share["AUC on b"][:5]) == ("-", "0.800")


def test_the_transfer_says_of_whom_each_row_is_and_what_its_threshold_is_worth_elsewhere(
    said: Said, figure: Figure, rows_of: RowsOf
) -> None:
    def row(name: str, tested: str, n: int, seen: str, **figures: Any) -> dict[str, Any]:
        counts = {"n_images": n, "n_groups": n // 2 if tested == "a" else n}
        clusters = "patient" if tested == "a" else "image"
        of = {"row": name, "trained_on": "a", "tested_on": tested, "seen": seen}
        return {**of, **counts, "clustered_by": clusters, "auc": figure(0.9), **figures}

    called = {"recall": figure(0.45), "specificity": figure(0.95)}
    text = said(
        "transfer",
        {
            "rows": [
                row("net", "a", 12, "own validation", **called),
                row("share", "a", 40, "unseen"),
                row("net", "b", 2000, "unseen", **called),
                row("share", "b", 2000, "unseen"),
            ]
        },
    )
    net, share = rows_of(text)
    assert [net[f"{name} on b"][:5] for name in ("recall", "specificity")] == ["0.450", "0.950"]
    assert "recall on a" not in net
    assert share["recall on b"] == "-"
    assert "a: 12 slices of 6 patients, own validation (share: 40 slices of 20 patients)." in text
    assert "b: 2,000 slices, intervals over images and so too narrow. Recall" in text


def test_the_explanation_has_all_and_the_called_slices_of_each_network(
    said: Said, figure: Figure, rows_of: RowsOf
) -> None:
    def found(start: float) -> dict[str, Any]:
        keys = ("energy_inside", "lung_share", "ratio")
        seen = {key: figure(start + n / 10) for n, key in enumerate(keys)}
        return {"seen": {**seen, "n": round(100 * start)}, "box": {"ratio": figure(start + 0.4)}}

    networks = {
        "net": {"region": "crop", "all": found(0.3), "called_covid": found(0.2), "of_lungs": 0.93},
        "other": {"region": "full", "all": found(0.1), "called_covid": found(0), "of_lungs": 0.7},
    }
    counts = {"data": "ct val", "images": 30, "patients": 9, "every": 2}
    more = {"other": {"seen": figure(0.15), "box": figure(-0.1)}}
    text = said("explanation", {**counts, "classifiers": networks, "first_minus": more})
    every, called, *_ = rows_of(text)
    assert every == {
        "network": "crop: net",
        "slices": "30 all",
        "energy inside the lungs": "0.300 (0.250 to 0.350)",
        "by chance": "0.400 (0.350 to 0.450)",
        "ratio": "0.500 (0.450 to 0.550)",
        "a map of the lungs": "0.930",
        "ratio within the lungs' box": "0.700 (0.650 to 0.750)",
    }
    assert (called["slices"], called["ratio"][:5]) == ("20 called COVID", "0.400")
    assert "30 slices of 9 patients (ct val, each 2. slice)" in text
    assert (
        "net has more inside the lungs: +0.150 (+0.100 to +0.200) than other, within the lungs' "
        "box -0.100 (-0.150 to -0.050)." in text
    )


def test_intervals_over_papers_stand_beside_those_over_patients(
    said: Said, figure: Figure, rows_of: RowsOf
) -> None:
    counts = {"images": 9, "patients": 7, "patients_with_covid": 4, "units": 5}
    rows = {"crop": {"patient": figure(0.8), "paper": figure(0.7)}}
    minus = {"crop minus whole": {"patient": figure(0.1), "paper": figure(-0.2)}}
    found = {**counts, "units_with_covid": 2, "rows": rows, "differences": minus}
    text = said("by_paper", found)
    assert [list(row.values()) for row in rows_of(text)] == [
        ["crop", "0.800 (0.750 to 0.850)", "0.700 (0.650 to 0.750)"],
        ["crop minus whole", "+0.100 (+0.050 to +0.150)", "-0.200 (-0.250 to -0.150)"],
    ]
    assert "9 slices of 7 patients, 4 of them with COVID-19; 5 papers and" in text
    assert "no paper, 2 of them with COVID-19." in text
