"""The matrix of training on one data set and testing on another, and its forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from covidcls.ablation.measure import FIGURES, auc_of_seeds, figures_of
from covidcls.ablation.predictions import RowScores
from covidcls.ablation.report import in_words
from lungseg.bootstrap import Interval

Seen = Literal["unseen", "own validation", "learned in part"]
MARKS: dict[Seen, str] = {"unseen": "", "own validation": "*", "learned in part": "!"}
LESION_SHARE = "lesion share alone"
NO_LABEL = "no label"

COLUMNS = (
    "row",
    "trained_on",
    "tested_on",
    "seen",
    "n_images",
    "n_groups",
    "clustered_by",
    "n_learned",
    "n_seeds",
    *(f"{name}{end}" for name in FIGURES for end in ("", "_low", "_high")),
    "auc_of_seeds",
)

RULES = {
    "unseen": "every picture, but for a test part, of a data set that the training did not have; "
    "its labels chose no epoch, no threshold and no calibration here; a recipe that was chosen by "
    "its figures has seen them",
    "own validation": "the part of the training's own data set that was held back; calibration was "
    "fitted on it, which flatters all but AUC, and the epoch unless the recipe keeps the last; "
    "patients may be on both sides where ids are unknown",
    "learned in part": "n_learned of the pictures were in the training too, by their greys, under "
    "another folder: the figures flatter",
    LESION_SHARE: "AUC of the share of the lung that stage 1 takes for lesion; no label was "
    "learned, so it has no threshold",
    "figures": "mean over seeds; 95 % by 2,000 resamples of patients (papers or images where "
    "unknown) and of seeds; positive from a calibrated probability of 0.5 on",
}


@dataclass(frozen=True)
class CrossRow:
    """The trainings of recipe ``row`` on ``trained_on``, tested on one data set.

    ``figures``: AUC alone where there is no probability. ``n_learned``: how many of the pictures
    were trained on, by their content; None where that is unknown.
    """

    row: str
    trained_on: str
    tested_on: str
    seen: Seen
    scores: RowScores
    figures: dict[str, Interval]
    n_learned: int | None = None

    @classmethod
    def measured(
        cls,
        row: str,
        trained_on: str,
        tested_on: str,
        seen: Seen,
        scores: RowScores,
        n_learned: int | None = None,
    ) -> CrossRow:
        """With its figures and their intervals."""
        figures = figures_of(scores)
        if row == LESION_SHARE:
            figures = {"auc": figures["auc"]}
        return cls(row, trained_on, tested_on, seen, scores, figures, n_learned)


def as_dict(row: CrossRow) -> dict[str, Any]:
    """Ready for JSON."""
    return {
        "row": row.row,
        "trained_on": row.trained_on,
        "tested_on": row.tested_on,
        "seen": row.seen,
        "n_images": len(row.scores.labels),
        "n_positive": int(row.scores.labels.sum()),
        "n_groups": len(set(row.scores.patients)),
        "clustered_by": row.scores.clustered_by,
        "n_learned": row.n_learned,
        "seeds": list(row.scores.seeds),
        **{name: figure.as_dict() for name, figure in row.figures.items()},
        "auc_of_seeds": [round(value, 4) for value in auc_of_seeds(row.scores).tolist()],
    }


def csv_rows(rows: Sequence[CrossRow]) -> list[list[str]]:
    """The header, COLUMNS, and a line a row; empty where a figure has no answer."""
    lines = [list(COLUMNS)]
    for row in rows:
        flat: dict[str, Any] = as_dict(row)
        flat["n_seeds"] = len(flat["seeds"])
        flat["auc_of_seeds"] = " ".join(f"{value:.4f}" for value in flat["auc_of_seeds"])
        for name in FIGURES:
            found = flat.get(name) or {}
            flat |= {f"{name}_low": found.get("low"), f"{name}_high": found.get("high")}
            flat[name] = found.get("value")
        lines.append(["" if flat[name] is None else str(flat[name]) for name in COLUMNS])
    return lines


def markdown(rows: Sequence[CrossRow]) -> str:
    """A matrix of AUC with intervals, trained down and tested across, and the rules."""
    tests = list(dict.fromkeys(row.tested_on for row in rows))
    lines = [
        f"| row | trained on | {' | '.join(f'AUC on {test}' for test in tests)} |",
        "|" + " --- |" * (2 + len(tests)),
        *_matrix(rows, tests),
        "",
        "`*`: own validation; `!`: learned in part; all others are unseen.",
        "",
        *(f"- {name}: {said}." for name, said in RULES.items()),
    ]
    return "\n".join(lines) + "\n"


def _matrix(rows: Sequence[CrossRow], tests: Sequence[str]) -> Iterator[str]:
    for recipe, trained_on in dict.fromkeys((row.row, row.trained_on) for row in rows):
        own = {r.tested_on: r for r in rows if (r.row, r.trained_on) == (recipe, trained_on)}
        cells = [in_words(own[test].figures["auc"]) + MARKS[own[test].seen] for test in tests]
        yield f"| {recipe} | {trained_on} | {' | '.join(cells)} |"
