"""The rows that evaluations write: ``cases.csv``, ``volumes.csv`` and ``predictions.csv``."""

from __future__ import annotations

from lungseg.evaluation.evaluate import Case, VolumeCase
from pipelines.prediction import LABELS, Prediction
from pipelines.results import COLUMNS, cell_of_message, cell_of_path, fixed, row_of
from pipelines.text import in_one

CASE_COLUMNS = (
    "case",
    "slice",
    "patient",
    "status",
    "true_fraction",
    "predicted_fraction",
    "dice",
    "iou",
    "hd95",
    "surface_dice_2px",
    "flags",
    "message",
)
PREDICTION_COLUMNS = (*COLUMNS, "truth", "patient")
VOLUME_COLUMNS = ("case", "patient", "slices", "slices_with_target", "errors", "dice", "message")


def row_of_case(one: Case) -> tuple[str, ...]:
    """The cells of a slice in the order of CASE_COLUMNS; fractions are of the picture."""
    named = (cell_of_path(one.case), str(one.slice), cell_of_message(one.patient))
    if one.scores is None:
        return (*named, "error", *[""] * 7, cell_of_message(one.error))
    overlap = one.scores.overlap
    return (
        *named,
        "ok",
        fixed(overlap.true / overlap.pixels),
        fixed(overlap.predicted / overlap.pixels),
        fixed(one.scores.dice),
        fixed(one.scores.iou),
        fixed(one.scores.hd95),
        fixed(one.scores.surface_dice_2px),
        " ".join(one.flags),
        cell_of_message(in_one(one.messages)),
    )


def row_of_volume(volume: VolumeCase) -> tuple[str, ...]:
    """The cells of a volume in the order of VOLUME_COLUMNS; Dice where all of it was judged."""
    judged = [one.scores.overlap for one in volume.slices if one.scores is not None]
    said = dict.fromkeys(text for one in volume.slices for text in (*one.messages, one.error))
    return (
        cell_of_path(volume.case),
        cell_of_message(volume.slices[0].patient),
        str(len(judged)),
        str(sum(overlap.has_target for overlap in judged)),
        str(len(volume.slices) - len(judged)),
        fixed(volume.overlap.dice if volume.is_whole else None),
        cell_of_message(in_one(said)),
    )


def row_of_prediction(one: Prediction, label: int, patient: str) -> tuple[str, ...]:
    """The cells of a judged slice in the order of PREDICTION_COLUMNS; ``label`` 1 is COVID."""
    return (*row_of(one), LABELS[1 - label], cell_of_message(patient))
