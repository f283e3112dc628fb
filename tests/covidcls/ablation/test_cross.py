"""The matrix of training on one data set and testing on another, in every form."""

from __future__ import annotations

import numpy as np

from covidcls.ablation.cross import (
    COLUMNS,
    LESION_SHARE,
    NO_LABEL,
    CrossRow,
    as_dict,
    csv_rows,
    markdown,
)
from covidcls.ablation.predictions import RowScores


def scores(n_seeds: int) -> RowScores:
    labels = np.arange(20) % 2
    probabilities = np.random.default_rng(n_seeds).random((n_seeds, 20)) / 2 + labels / 3
    files = tuple(f"file:{number}" for number in range(20))
    seeds, folds = tuple(range(n_seeds)), np.zeros(20, int)
    return RowScores("r", seeds, files, labels, files, folds, probabilities, probabilities)


ROWS = [
    CrossRow.measured("crop-r5", "a", "a", "own validation", scores(2)),
    CrossRow.measured(LESION_SHARE, NO_LABEL, "a", "unseen", scores(1)),
    CrossRow.measured("crop-r5", "a", "b", "unseen", scores(3)),
    CrossRow.measured(LESION_SHARE, NO_LABEL, "b", "unseen", scores(1)),
]


def test_the_matrix_has_a_line_a_training_and_marks_what_was_trained_on() -> None:
    crop, lesions = [
        line for line in markdown(ROWS).splitlines() if "| crop" in line or "alone" in line
    ][:2]
    own, unseen = crop.split(" | ")[2:]
    assert own.endswith(")*")
    assert not unseen.endswith("*")
    assert "*" not in lesions
    assert lesions.startswith(f"| {LESION_SHARE} | {NO_LABEL} | ")


def test_pictures_that_were_learned_under_another_name_are_marked() -> None:
    row = CrossRow.measured("crop-r5", "a", "b", "learned in part", scores(2), 7)
    [line] = [line for line in markdown([row]).splitlines() if line.startswith("| crop-r5")]
    assert line.endswith(")! |")
    assert as_dict(row)["n_learned"] == 7


def test_the_lesion_share_has_an_auc_and_no_threshold() -> None:
    header, *lines = csv_rows(ROWS)
    assert tuple(header) == COLUMNS
    lesions = dict(zip(header, lines[1], strict=True))
    assert lesions["auc"]
    assert lesions["accuracy"] == lesions["accuracy_low"] == ""
    assert "accuracy" not in as_dict(ROWS[1])
    assert as_dict(ROWS[2])["seeds"] == [0, 1, 2]
    assert lines[2][header.index("clustered_by")] == "image"
