"""The card of a network that learned from every label: what its folds say of the recipe.

As ``CalibratedClassifierCV(ensemble=False)`` of scikit-learn does it: folds are trained and judged,
what they say out of fold chooses calibration and thresholds, and one more training sees all slices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from covidcls.ablation.chosen import chosen_on_folds
from covidcls.ablation.measure import figures_of
from covidcls.ablation.nested import logits_of, with_nested_calibration
from covidcls.ablation.predictions import RowScores
from covidcls.calibration import Calibration
from covidcls.data.pictures import LabelledPicture, split_sha256
from covidcls.data.sampling import alike
from covidcls.floor import WHAT_OF_FOLDS
from covidcls.statistics import figures
from lungseg.bootstrap import Interval

Card = Mapping[str, Any]
INTERVALS = (
    "95 %, percentile bootstrap of 2,000 resamples clustered by patient (by source paper or file "
    "where no patient is known); trainings of two folds share most slices, which no interval knows "
    "of; AUC of the pairs within a fold, every other figure of probabilities that the other folds "
    "calibrated"
)
SHARE = "the share of the network is that of its folds, their geometric mean"


def refit_card(
    everything: Card,
    of_folds: Sequence[Card],
    scores: RowScores,
    sources: Sequence[str],
    floors: Mapping[str, Interval],
) -> dict[str, Any]:
    """``everything``, the card of a training on all slices, with what was found out of fold in the
    place of what it says of slices that it learned by heart.

    ``of_folds``: the cards of the folds, in their order. ``scores``: what their weights say, with
    one seed. ``sources``: the name of the data set of each slice of ``scores``. ``floors``: by that
    name, and under an empty one of all together.
    """
    logits = logits_of(scores, [[Calibration.from_card(card) for card in of_folds]])
    chosen = chosen_on_folds(scores, logits, sources)
    judged = with_nested_calibration(scores, logits, alike(sources))
    threshold, names = chosen["threshold"], list(dict.fromkeys(sources))
    source = np.array(sources)
    by_source = {name: _figures(judged.of(source == name), threshold) for name in names}
    card = {
        **everything,
        **chosen,
        "training": _training(everything, of_folds, scores),
        "half_precision_cost": {
            what: max((one["half_precision_cost"][what] for one in of_folds), key=abs)
            for what in everything["half_precision_cost"]
        },
        "figures": {"val": _figures(judged, threshold)},
        "floor": _floor(floors[""]),
        "intervals": INTERVALS,
        "reading": (
            f"every figure is of {len(of_folds)} networks of one recipe, each on the patients that "
            "it had not seen; this network learned from all of them, so that judging it on them "
            "says nothing; calibration and thresholds were chosen on the same slices out of fold; "
            "nothing here says how it does at another hospital"
        ),
    }
    if "fusion" in everything:
        shares = [one["fusion"]["network"] for one in of_folds]
        card["fusion"] = {
            **everything["fusion"],
            "network": round(float(np.exp(np.mean(np.log(shares)))), 6),
            "fitted_on": f"every slice; {SHARE}",
        }
    if len(names) > 1:
        aucs = [found["auc"]["value"] for found in by_source.values()]
        mean = {"mean_auc": round(float(np.mean(aucs)), 4)}
        card["figures_by_source"] = {"val": {**by_source, **mean}}
        card["floor_by_source"] = {name: _floor(floors[name]) for name in names}
    return card


def _training(everything: Card, of_folds: Sequence[Card], scores: RowScores) -> dict[str, Any]:
    own, first = everything["training"], of_folds[0]["training"]
    slices = zip(scores.paths, scores.labels.tolist(), scores.patients, strict=True)
    parts = [
        (f"fold {fold}", LabelledPicture(Path(path), label, patient))
        for fold, (path, label, patient) in zip(scores.folds.tolist(), slices, strict=True)
    ]
    return {
        **own,
        "split": f"{len(of_folds)} folds by patient and copy, {first['split'].split(', ')[-1]}; "
        "then all of them",
        "split_sha256": split_sha256(parts),
        "score": None,  # on what it learned from
        "folds": {
            "score": [card["training"]["score"] for card in of_folds],
            "minutes": [card["training"]["minutes"] for card in of_folds],
        },
    }


def _figures(row: RowScores, threshold: float) -> dict[str, Any]:
    [probabilities] = row.probabilities
    found = figures(row.labels.tolist(), probabilities.tolist(), threshold, row.patients)
    found["auc"] = figures_of(row)["auc"]
    return {name: value.as_dict() for name, value in found.items()}


def _floor(floor: Interval) -> dict[str, Any]:
    return {"what": WHAT_OF_FOLDS, **floor.as_dict()}
