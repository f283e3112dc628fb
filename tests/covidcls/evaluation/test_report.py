"""What metrics.json says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from covidcls.aggregation import RULES
from covidcls.evaluation.measure import FIGURES
from covidcls.evaluation.report import metrics, of_band, of_operating_points, of_patients
from covidcls.evaluation.scored import Scored


def test_every_figure_has_value_and_ends_and_the_counts_add_up(scored: Scored) -> None:
    found = metrics(scored, 0.5)
    assert (found["n_images"], found["n_patients"], found["clustered_by"]) == (150, 40, "patient")
    for name in FIGURES:
        one = found[name]
        assert one.keys() == {"value", "low", "high"}
        assert one["low"] <= one["high"]
    matrix = found["confusion_matrix"]
    assert sum(matrix.values()) == 150
    assert matrix["tp"] + matrix["fn"] == found["n_positive"]
    assert found["recall"]["value"] == pytest.approx(matrix["tp"] / found["n_positive"], abs=1e-4)


def test_images_without_patients_are_no_patients_and_no_answer_is_null(scored: Scored) -> None:
    files = tuple(f"file:{n}" for n in range(150))
    alone = Scored(scored.labels, scored.probabilities, files, "image")
    found = metrics(alone, 1.1)
    assert (found["n_patients"], found["n_groups"], found["clustered_by"]) == (None, 150, "image")
    assert found["precision"] == {"value": None, "low": None, "high": None}
    assert "NaN" not in json.dumps(found)


def test_each_operating_point_says_what_it_reaches_here(scored: Scored) -> None:
    found = of_operating_points(scored, {"youden": 0.5, "sensitive": 0.2})
    assert found["sensitive"]["recall"]["value"] > found["youden"]["recall"]["value"]
    assert found["youden"]["recall"] == metrics(scored, 0.5)["recall"]


def test_outside_of_the_band_answers_are_better(scored: Scored) -> None:
    found = of_band(scored, (0.35, 0.65), 0.5)
    inside = (scored.probabilities >= 0.35) & (scored.probabilities < 0.65)
    assert found["n"]["indeterminate"] == inside.sum()
    assert sum(found["n"].values()) == 150
    assert found["outside"]["accuracy"]["value"] > metrics(scored, 0.5)["accuracy"]["value"]
    everything = of_band(scored, (0.0, 1.1), 0.5)
    assert everything["outside"]["accuracy"] is None


def test_patients_are_judged_by_each_rule_where_they_have_several_images(scored: Scored) -> None:
    named = ["" if n < 5 else group for n, group in enumerate(scored.groups)]
    found = of_patients(scored, named)
    assert found is not None
    assert found["n"] == len(set(named) - {""})
    assert found["default"] in RULES
    assert found["mean"]["auc"]["value"] > metrics(scored, 0.5)["auc"]["value"]  # noise averages
    assert of_patients(scored, [str(n) for n in range(150)]) is None  # one image each
    assert of_patients(scored, np.where(scored.labels, "ann", "").tolist()) is None  # one class
