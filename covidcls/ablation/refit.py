"""The card of a network that learned from every label: what its folds say of the recipe.

As ``CalibratedClassifierCV(ensemble=False)`` of scikit-learn does it: folds are trained and judged,
what they say out of fold chooses calibration and thresholds, and one more training sees all slices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.ablation.chosen import chosen_on_folds
from covidcls.ablation.measure import figures_of
from covidcls.ablation.nested import logits_of, with_nested_calibration
from covidcls.ablation.predictions import RowScores
from covidcls.aggregation import by_patient
from covidcls.calibration import Calibration
from covidcls.data.folds import TOGETHER
from covidcls.data.pictures import LabelledPicture, is_known, split_sha256
from covidcls.data.sampling import alike
from covidcls.evaluation.measure import ece_by_chance
from covidcls.evaluation.report import of_operating_points, of_patients
from covidcls.evaluation.scored import Scored
from covidcls.floor import WHAT_OF_FOLDS
from covidcls.fusion import Fusion, spread
from covidcls.operating_point import band_of, place
from covidcls.statistics import figures
from lungseg.bootstrap import Interval
from lungseg.errors import UsageError

Card = Mapping[str, Any]

INTERVALS = (
    "95 %, percentile bootstrap of 2,000 resamples clustered by patient (by source paper or file "
    "where no patient is known), Clopper-Pearson over those that count where a proportion is 0 or "
    "1; trainings of two folds share most slices, which no interval knows of. AUC is of the pairs "
    "within a fold; the other figures are of probabilities that the other folds calibrated, those "
    "of operating points of the calibration that ships"
)
FUSED_ON = (
    "every slice; the share of the network, and the spread of the findings, as in the folds "
    "(geometric means), so that the calibration of the folds fits"
)


@dataclass(frozen=True, eq=False)
class Judged:
    """What is known of the slices that folds judged, in the order of their scores.

    ``sources``: the name of the data set of each. ``findings``: what stage 1 sees in the lesions of
    each, or nothing where it is not fused. ``floors``: what is known without the lungs, by the name
    of a data set and, under an empty one, of all together.
    """

    sources: Sequence[str]
    findings: Sequence[NDArray[np.float32]]
    floors: Mapping[str, Interval]


def refit_card(
    everything: Card, of_folds: Sequence[Card], scores: RowScores, slices: Judged
) -> dict[str, Any]:
    """``everything``, the card of a training on all slices, with what was found out of fold in the
    place of what it says of slices that it learned by heart.

    ``of_folds``: the cards of the folds, in their order. ``scores``: what their weights say, with
    one seed. Raises UsageError where trainings had not one stage 1.
    """
    if len({card["segmenter"]["sha256"] for card in (everything, *of_folds)}) > 1:
        raise UsageError("the trainings of this refit had not one stage 1; use another --out")
    logits = logits_of(scores, [[Calibration.from_card(card) for card in of_folds]])
    chosen = chosen_on_folds(scores, logits, slices.sources)
    judged = with_nested_calibration(scores, logits, alike(slices.sources))
    threshold, source = chosen["threshold"], np.array(slices.sources)
    cost = everything["half_precision_cost"]
    card = {
        **everything,
        **chosen,
        "training": _training(everything, of_folds, scores),
        # what AUC it costs these weights themselves cannot be known: the most that it cost a fold
        "half_precision_cost": {
            **cost,
            "validation_auc": max(
                (one["half_precision_cost"]["validation_auc"] for one in of_folds), key=abs
            ),
        },
        "figures": {"val": _figures(judged, threshold)},
        "floor": _floor(slices.floors[""]),
        "intervals": INTERVALS,
        "reading": _reading(len(of_folds), scores, source),
    }
    if patients := _patients(judged, chosen["operating_points"]):
        card["patients"] = patients
    if "fusion" in everything:
        fusion = fusion_of_folds(everything, of_folds, scores.folds, slices)
        card["fusion"] = {**fusion.as_card(), "fitted_on": FUSED_ON}
    names = list(dict.fromkeys(slices.sources))
    [shipped] = Calibration.from_card(card).probabilities(logits)
    card["reliability"] = {
        name: _reliability(judged.of(source == name), shipped[source == name], band_of(card))
        for name in names
    }
    if len(names) > 1:
        of_source = {name: _figures(judged.of(source == name), threshold) for name in names}
        mean = np.mean([found["auc"]["value"] for found in of_source.values()])
        card["figures_by_source"] = {"val": {**of_source, "mean_auc": round(float(mean), 4)}}
        card["floor_by_source"] = {name: _floor(slices.floors[name]) for name in names}
    return card


def fusion_of_folds(
    everything: Card, of_folds: Sequence[Card], folds: NDArray[np.int_], slices: Judged
) -> Fusion:
    """The fusion of ``everything`` on the scale of those of its folds, which the calibration of
    what the folds said is for; none of it changes the ranking by findings.

    ``folds``: the number of the fold of each slice. Findings are weighed heavier the more slices
    there are (:data:`covidcls.fusion.INVERSE_PENALTY`), and how far the network spreads on slices
    that it has not seen only the folds can tell.
    """
    own, parts = Fusion.from_card(everything), [Fusion.from_card(card) for card in of_folds]
    assert own is not None
    wider, network = [], []
    for number, part in enumerate(parts):
        assert part is not None
        here = np.flatnonzero(folds == number).tolist()
        findings = [slices.findings[i] for i in here]
        sources = [slices.sources[i] for i in here]
        of_part, of_own = (spread(one.of_findings(findings), sources) for one in (part, own))
        wider.append(of_part / of_own)
        network.append(part.network)
    return own.scaled(_geometric_mean(wider), _geometric_mean(network))


def _geometric_mean(values: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(values))))


def _reading(n_folds: int, scores: RowScores, source: NDArray[np.str_]) -> str:
    unknown = np.array([not is_known(patient) for patient in scores.patients])
    flattered = (
        f"; {unknown.sum()} of the {len(unknown)} slices name no patient "
        f"({', '.join(dict.fromkeys(source[unknown].tolist()))}): other slices of one may have "
        "been learned, which flatters, and intervals over them are too narrow"
    )
    return (
        f"every figure is of {n_folds} networks of one recipe, each judged on slices of patients, "
        f"papers and files that it had not seen{flattered if unknown.any() else ''}; this network "
        "learned from all of them, so that judging it on them says nothing; calibration and "
        "thresholds were chosen on the same slices, so that what a threshold reaches is slightly "
        "optimistic; nothing here says how it does at another hospital"
    )


def _training(everything: Card, of_folds: Sequence[Card], scores: RowScores) -> dict[str, Any]:
    own, trainings = everything["training"], [card["training"] for card in of_folds]
    slices = zip(scores.paths, scores.labels.tolist(), scores.patients, strict=True)
    parts = [
        (f"fold {fold}", LabelledPicture(Path(path), label, patient))
        for fold, (path, label, patient) in zip(scores.folds.tolist(), slices, strict=True)
    ]
    seed = trainings[0]["recipe"]["data"]["split_seed"]
    return {
        **own,
        "split": f"{len(of_folds)} folds by {TOGETHER}, seed {seed}; then all of them",
        "split_sha256": split_sha256(parts),
        "score": None,  # on what it learned from
        "folds": {
            key: [training[key] for training in trainings]
            for key in ("score", "minutes", "resumed")
        },
    }


def _patients(row: RowScores, points: Mapping[str, Any]) -> dict[str, Any] | None:
    """Figures of patients by each rule, and what the thresholds, which slices chose, reach with the
    default rule; None where too few are known."""
    [probabilities] = row.probabilities
    named = [one if is_known(one) else "" for one in row.patients]
    groups = tuple(row.patients)
    found = of_patients(Scored(row.labels, probabilities, groups), named)
    if found is None:
        return None
    known = [bool(one) for one in named]
    names = [one for one in named if one]
    sick = by_patient(row.labels[known].astype(float), names, "max")
    said = by_patient(probabilities[known], names)
    one_each = Scored(
        np.array(list(sick.values())).astype(int), np.array(list(said.values())), tuple(said)
    )
    thresholds = {name: point["threshold"] for name, point in points.items()}
    found["operating_points"] = {
        name: {key: reached[key] for key in ("threshold", "recall", "specificity")}
        for name, reached in of_operating_points(one_each, thresholds).items()
    }
    return found


def _figures(row: RowScores, threshold: float) -> dict[str, Any]:
    [probabilities] = row.probabilities
    found = figures(row.labels.tolist(), probabilities.tolist(), threshold, row.patients)
    found["auc"] = figures_of(row)["auc"]
    return {name: value.as_dict() for name, value in found.items()}


def _reliability(
    row: RowScores, shipped: NDArray[np.float64], band: tuple[float, float] | None
) -> dict[str, Any]:
    """Of one source: how far its probabilities are from right, and how many of those that ship, by
    the calibration of all folds, are no answer."""
    [probabilities] = row.probabilities
    found = figures(row.labels.tolist(), probabilities.tolist(), 0.5, row.patients)
    places = [place(one, band) for one in shipped.tolist()]
    return {
        "n": len(places),
        "brier": found["brier"].as_dict(),
        "ece": found["ece"].as_dict(),
        "ece_by_chance": round(ece_by_chance(probabilities, row.patients), 4),
        "indeterminate": places.count("indeterminate"),
    }


def _floor(floor: Interval) -> dict[str, Any]:
    return {"what": WHAT_OF_FOLDS, **floor.as_dict()}
