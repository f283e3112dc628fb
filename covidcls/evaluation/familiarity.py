"""Whether a classifier knows the slices that it is judged on: then its figures flatter it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from covidcls.data.learned import read_learned
from covidcls.data.pictures import Part, split_sha256
from covidcls.evaluation.labelled import Drawing, LabelledData

if TYPE_CHECKING:
    from covidcls.classifier import CovidClassifier


@dataclass(frozen=True)
class Familiarity:
    """What a classifier has to do with a split.

    ``n_learned``: of its slices, those that it learned from, by their content; None where its
    weights do not tell. ``learned``: it was trained on images of the split, by its card.
    ``chosen``: it was not, but epoch, calibration and thresholds were chosen on the split; then
    ``floor`` is what is known of the class there without the lungs, None where the card does not
    say.
    """

    n_learned: int | None
    learned: bool
    chosen: bool
    floor: Mapping[str, Any] | None


def slices_learned(classifier: CovidClassifier) -> frozenset[str] | None:
    """What it learned from, as :func:`covidcls.data.learned.content_of`; None where its weights do
    not tell. Raises CheckpointError where its list is not what its card means."""
    path = classifier.checkpoint.path
    return None if path is None else read_learned(path, classifier.card)


def familiarity(
    classifier: CovidClassifier, data: LabelledData, n_learned: int | None
) -> Familiarity:
    """Of ``classifier`` with ``data``, of which ``n_learned`` are among its slices_learned."""
    card, split = classifier.card, data.split
    own = _own_name(card, data)
    learned = own is not None and (
        split in ("train", "all")
        or (split == "val" and classifier.learned_validation)
        or (split == "val" and n_learned is None and _divided_anew(card, data))
    )
    chosen = own is not None and split == "val" and not (learned or n_learned)
    return Familiarity(n_learned, learned, chosen, _floor(card, str(own)) if chosen else None)


def _own_name(card: Mapping[str, Any], data: LabelledData) -> str | None:
    """By what name the classifier learned from the data set, as far as its card says; None: it did
    not."""
    training = card.get("training", {})
    learned = (str(training.get(key, "")).split(", ") for key in ("layout", "data"))
    names = [name for layout, name in zip(*learned, strict=False) if layout == data.layout]
    if data.name in names:
        return data.name
    return names[0] if data.layout == "covid-ct" and names else None  # wherever it lies


def _divided_anew(card: Mapping[str, Any], data: LabelledData) -> bool:
    """Whether class folders are not divided as in the training, as far as the card says: other
    files, or other patients."""
    training = card.get("training", {})
    alone = data.layout == "folders" == training.get("layout")
    if not alone or "split_sha256" not in training:
        return False
    drawing = Drawing.from_card(card)
    parts: tuple[Part, ...] = ("train", "val", "test")
    now = (
        (part, picture)
        for part in parts[: 3 if "test" in training else 2]
        for picture in data.of(part).pictures(drawing=drawing)
    )
    return split_sha256(now) != training["split_sha256"]


def _floor(card: Mapping[str, Any], source: str) -> Mapping[str, Any] | None:
    """Of ``source`` alone; that of several together is no floor of a figure on one of them."""
    if "figures_by_source" in card:
        found: Mapping[str, Any] | None = card.get("floor_by_source", {}).get(source)
        return found
    return card.get("floor")
