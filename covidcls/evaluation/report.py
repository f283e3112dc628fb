"""An evaluation in figures: what ``metrics.json`` holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from covidcls.aggregation import DEFAULT_RULE, RULES, K, by_patient
from covidcls.evaluation.curves import confusion_matrix
from covidcls.evaluation.measure import ece_by_chance, measure
from covidcls.evaluation.scored import Scored
from covidcls.operating_point import place
from covidcls.statistics import ECE_BINS
from lungseg.bootstrap import Interval

OF_PATIENTS = ("auc", "pr_auc", "brier", "ece")  # without the threshold, which was chosen on slices

EXPLAINED = {
    "clustered_by": "intervals: 95 %, percentile bootstrap of 2,000 resamples of these groups; "
    "Clopper-Pearson over those that count where a proportion is 0 or 1",
    "threshold": "an image is called positive from this calibrated probability on",
    "npv": "negative predictive value; it and precision hold at this share of positives only",
    "pr_auc": "average precision",
    "brier": "mean squared distance of probability and label",
    "ece": f"expected calibration error over {ECE_BINS} bins of equal width; resampling adds to "
    "it, so that its interval lies high",
    "ece_by_chance": "the ece to expect of as many images and groups if their probabilities were "
    "right",
    "n_learned": "of all slices, how many the classifier was trained on, by their greys",
    "operating_points": "the thresholds of the card, chosen elsewhere, and what they reach here",
    "indeterminate": "probabilities from low up to high are no answer, by the card; how many "
    "images lie there, and the figures of the others at the threshold",
    "patients": "one probability a patient, by each rule; the patient is positive if an image is; "
    f"top_k: the mean of the {K} highest; without images whose patient is unknown",
}


def metrics(scored: Scored, threshold: float) -> dict[str, Any]:
    """Counts, each of :data:`covidcls.evaluation.measure.FIGURES` as ``{value, low, high}``,
    ``ece_by_chance`` and the ``confusion_matrix``, ready for JSON.

    None is a figure without answer, and ``n_patients``, of those that are known, where none is.
    """
    counts = confusion_matrix(scored, threshold)["n"]
    return {
        "n_images": int(scored.labels.size),
        "n_positive": int(scored.labels.sum()),
        "n_patients": scored.n_patients,
        "n_groups": scored.n_groups,
        "clustered_by": scored.clustered_by,
        **{name: as_dict(found) for name, found in measure(scored, threshold).items()},
        "ece_by_chance": round(ece_by_chance(scored.probabilities, scored.groups), 4),
        "confusion_matrix": dict(zip(("tp", "fn", "fp", "tn"), map(int, counts), strict=True)),
    }


def of_operating_points(scored: Scored, thresholds: Mapping[str, float]) -> dict[str, Any]:
    """What each named threshold reaches: accuracy, recall, specificity, precision and npv."""
    names = ("accuracy", "recall", "specificity", "precision", "npv")
    found = {}
    for name, threshold in thresholds.items():
        figures = measure(scored, threshold)
        found[name] = {"threshold": threshold, **{f: as_dict(figures[f]) for f in names}}
    return found


def of_band(scored: Scored, band: tuple[float, float], threshold: float) -> dict[str, Any]:
    """How many images lie in, below and above the band, and how good the labels outside are.

    ``accuracy``, ``recall`` and ``specificity`` outside are None where one class is left.
    """
    places = np.array([place(p, band) for p in scored.probabilities])
    outside = places != "indeterminate"
    figures: dict[str, Any] = dict.fromkeys(("accuracy", "recall", "specificity"))
    if len(set(scored.labels[outside].tolist())) == 2:
        groups = tuple(np.array(scored.groups)[outside].tolist())
        left = Scored(
            scored.labels[outside], scored.probabilities[outside], groups, scored.clustered_by
        )
        measured = measure(left, threshold)
        figures = {name: as_dict(measured[name]) for name in figures}
    counts = {name: int(np.sum(places == name)) for name in ("below", "indeterminate", "above")}
    return {"low": band[0], "high": band[1], "n": counts, "outside": figures}


def of_patients(scored: Scored, patients: Sequence[str]) -> dict[str, Any] | None:
    """Figures of one probability a patient by each rule of :mod:`covidcls.aggregation`.

    ``patients``: of each image, empty where unknown. None where patients of one class are known,
    or all have one image.
    """
    known = np.array([bool(patient) for patient in patients])
    named = [patient for patient in patients if patient]
    labels = by_patient(scored.labels[known].astype(float), named, "max")
    truth = np.array(list(labels.values())).astype(int)
    if len(labels) == len(named) or not 0 < truth.sum() < truth.size:
        return None
    found: dict[str, Any] = {"n": len(labels), "n_positive": int(truth.sum())}
    found["default"] = DEFAULT_RULE
    for rule in RULES:
        probability = by_patient(scored.probabilities[known], named, rule)
        one = Scored(truth, np.array(list(probability.values())), tuple(labels))
        figures = measure(one, 0.5)
        found[rule] = {name: as_dict(figures[name]) for name in OF_PATIENTS}
    return found


def as_dict(found: Interval) -> dict[str, float | None]:
    """``{value, low, high}`` to four digits; None for what is no number."""
    return {name: x for name, x in found.as_dict().items() if name in ("value", "low", "high")}
