"""An evaluation in figures: what ``metrics.json`` holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np

from lungseg.bootstrap import Interval, mean_interval, of_few
from lungseg.evaluation.evaluate import Evaluation, VolumeCase
from lungseg.evaluation.figures import pooled_dice, summary
from lungseg.metrics import EMPTY, Overlap

FIGURES: dict[str, Literal["lowest", "highest"]] = {  # and which end of each is the worst
    "dice": "lowest",
    "iou": "lowest",
    "hd95": "highest",
    "surface_dice_2px": "lowest",
}
DIGITS = 4
NAMED = 5  # of a list in a message

RULES = {
    "values": "those of all masks; the target is what has one of chosen_values, else what is not "
    "0, where for lesions 3 (effusion) does not count",
    "n": "slices whose true mask is not empty; the figures are over these",
    "n_groups": "intervals: 95 %, percentile bootstrap of 2,000 resamples of these groups",
    "empty_slices": f"a mask, true or predicted, below {EMPTY:.1%} of the picture is empty; masks "
    "are those of the network, before predict refuses what is no chest CT",
    "dice": "0 where nothing is predicted, as iou and surface_dice_2px; worst_decile is the mean "
    "of the worst tenth of the slices",
    "hd95": "pixels, the larger of the 95th percentiles of both directed surface distances; the "
    "diagonal of the picture where nothing is predicted; the worst are the largest",
    "surface_dice_2px": "share of both outlines within 2 pixels of the other one",
    "dice_pooled": "all slices as one, those without lesion included",
    "volumes": "Dice of the slices of each volume as one, of volumes without errors",
}


def metrics(evaluation: Evaluation) -> dict[str, Any]:
    """The figures, ready for JSON; None where there is no slice to take one of.

    ``n`` slices with target of ``n_groups`` groups (and ``n_patients`` that are known), each
    figure as ``{mean, low, high, median, worst_decile}``; ``empty_slices``, for lesions
    ``dice_pooled``, for volumes ``volumes``; what happened in words in ``messages``.
    """
    judged = [(one, one.scores) for one in evaluation.cases if one.scores is not None]
    counted = [(one, scores) for one, scores in judged if scores.overlap.has_target]
    empty = [scores.overlap for _, scores in judged if not scores.overlap.has_target]
    groups = [one.group for one, _ in counted]
    patients = {one.patient for one, _ in counted if one.patient}
    found: dict[str, Any] = {
        "target": evaluation.target,
        "values": list(evaluation.values),
        "chosen_values": list(evaluation.chosen) or None,
        "n": len(counted),
        "n_groups": len(set(groups)),
        "n_patients": len(patients) if evaluation.clusters == "patient" else None,
        "clustered_by": evaluation.clusters,
    }
    for name, worst in FIGURES.items():
        found[name] = _figure([getattr(scores, name) for _, scores in counted], groups, worst)
    if evaluation.target == "lesion":
        found["dice_pooled"] = _pooled(
            [scores.overlap for _, scores in judged], [one.group for one, _ in judged]
        )
    found["empty_slices"] = {
        "n": len(empty),
        "correctly_empty": sum(overlap.left_empty for overlap in empty),
    }
    if evaluation.volumes:
        found["volumes"] = _volumes(evaluation.volumes)
    found["slices"] = {"judged": len(judged), "errors": len(evaluation.errors)}
    found["files"] = {
        "paired": len(evaluation.pairs.pairs),
        "images_without_mask": len(evaluation.pairs.images_without_mask),
        "masks_without_image": len(evaluation.pairs.masks_without_image),
    }
    found["messages"] = list(_messages(evaluation, len(set(groups))))
    found["rules"] = {name: said for name, said in RULES.items() if name in found}
    return found


def _figure(
    scores: Sequence[float], groups: Sequence[str], worst: Literal["lowest", "highest"]
) -> dict[str, float | None]:
    if not scores:
        return dict.fromkeys(("mean", "low", "high", "median", "worst_decile"))
    found = summary(scores, groups, worst)
    return _mean(found.mean) | {
        "median": round(found.median, DIGITS),
        "worst_decile": round(found.worst_decile, DIGITS),
    }


def _pooled(overlaps: Sequence[Overlap], groups: Sequence[str]) -> dict[str, float | None]:
    if not any(overlap.predicted + overlap.true for overlap in overlaps):
        return dict.fromkeys(("value", "low", "high"))
    found = _mean(pooled_dice(overlaps, groups))
    return {"value": found["mean"], "low": found["low"], "high": found["high"]}


def _volumes(volumes: Sequence[VolumeCase]) -> dict[str, Any]:
    """Dice of whole volumes, over those with any target of which every slice was judged."""
    counted = [one for one in volumes if one.overlap.true and one.is_whole]
    if not counted:
        return {"n": 0, "dice": dict.fromkeys(("mean", "low", "high"))}
    scores = np.array([one.overlap.dice for one in counted])
    groups = [one.slices[0].group for one in counted]
    return {"n": len(counted), "dice": _mean(mean_interval(scores, groups))}


def _mean(found: Interval) -> dict[str, float | None]:
    rounded = (round(value, DIGITS) for value in (found.value, found.low, found.high))
    return dict(zip(("mean", "low", "high"), rounded, strict=True))


def _messages(evaluation: Evaluation, n_groups: int) -> Iterator[str]:
    for alone, what in (
        (evaluation.pairs.images_without_mask, "images without mask"),
        (evaluation.pairs.masks_without_image, "masks without image"),
    ):
        if alone:
            yield f"{len(alone)} {what}: {_named(alone)}"
    if evaluation.errors:
        first = evaluation.errors[0]
        yield f"{len(evaluation.errors)} not judged, first {first.case}: {first.error}"
    if evaluation.patients_known:
        unknown = sorted({one.case for one in evaluation.cases if not one.patient})
        if unknown:
            yield f"{len(unknown)} cases have no patient, each is one of its own: {_named(unknown)}"
    assumed = sum(bool(one.messages) for one in evaluation.cases)
    if assumed:
        yield f"{assumed} slices were read with assumptions, see their message in cases.csv"
    if not n_groups and len(evaluation.errors) < len(evaluation.cases):
        yield f"no mask has {evaluation.target}: are they the right masks?"
    if evaluation.lesions_are_lungs:
        values = _named([str(value) for value in evaluation.values])
        yield (
            f"what was taken for lesion covers {evaluation.covered:.0%} of the lungs found; the "
            f"masks have the values {values}: say by --labels which of them are lesion"
        )
    if narrow := of_few(n_groups, evaluation.clusters):
        yield narrow


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
