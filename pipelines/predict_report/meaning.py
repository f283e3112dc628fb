"""What the numbers of a page mean and what they do not, from the classifier's card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from covidcls.aggregation import DEFAULT_RULE
from covidcls.operating_point import out_of_fold

Card = Mapping[str, Any]


def meaning(card: Card, heat_map: bool, pictures: bool) -> list[str]:
    """Sentences to read before any probability; ``heat_map``: whether ``pictures``, if there are
    any, have one."""
    where = (
        "The heat map says which places speak for COVID-19; a network that looks into the lungs "
        "may still be wrong."
        if heat_map
        else "They say where the network looked for the lungs, not why it decided."
    )
    shown = f"The pictures show the slices of highest probability, whatever the label. {where}"
    return [
        f"{_calibration(card)} At another hospital, or where another share of the patients is "
        "sick, it is a guess, and never the probability that this patient has COVID-19.",
        f"The probability of a case is the {DEFAULT_RULE} over its judged slices. The threshold "
        "was chosen on single slices and not tested on patients.",
        *([shown] if pictures else []),
    ]


def operating_point(record: Mapping[str, Any], card: Card) -> list[str]:
    """Where the label changes, what that threshold aims at, and what it reached on validation."""
    name, threshold = record["operating_point"], record["threshold"]
    said = [f"A case is called COVID from {threshold:.3f} on (operating point: {name})."]
    point = card.get("operating_points", {}).get(name)
    if point is not None:
        said.append(f"Its aim: {point['aim']}. {_where(card)} it reached {_reached(point)}.")
    band = card.get("indeterminate")
    if band is not None:
        said.append(
            f"Between {band['low']:.3f} and {band['high']:.3f} the classifier has no answer "
            "(indeterminate): the label there should not be believed."
        )
    return said


def _where(card: Card) -> str:
    return "Out of fold" if out_of_fold(card) else "On validation"


def _reached(point: Mapping[str, Any]) -> str:
    """Recall and specificity of an operating point, of each source where there are several."""
    by_source = point.get("by_source") or {"": point}
    return "; ".join(
        (f"on {name} " if name else "")
        + ", ".join(f"{figure} {_interval(found[figure])}" for figure in ("recall", "specificity"))
        for name, found in by_source.items()
    )


def floor(card: Card) -> list[str]:
    """How well the class is known without looking at the lungs, beside how well with them, on each
    data set that the classifier learned."""
    by_source = card.get("figures_by_source", {}).get("val")
    if by_source is None:
        pairs = [("", card.get("floor"), card.get("figures", {}).get("val", {}).get("auc"))]
    else:
        floors = card.get("floor_by_source", {})
        pairs = [
            (f"On {name}: ", floors.get(name), figures["auc"])
            for name, figures in by_source.items()
            if name != "mean_auc"
        ]
    who = (
        "Networks of this recipe, out of fold"
        if out_of_fold(card)
        else "This classifier, on the same slices"
    )
    said = [sentence for pair in pairs for sentence in _beside(*pair, who)]
    reading = card.get("reading")
    return said + ([f"{_begun(reading)}."] if reading else [])


def _beside(where: str, known: Card | None, auc: Card | None, who: str) -> list[str]:
    if known is None or auc is None:
        said = f"{where}the card names no floor: what is owed to shortcuts is unknown."
        return [_begun(said)]
    said = (
        f"{where}known without the lungs: {_interval(known)} ({known['what']}). "
        f"{who}: AUC {_interval(auc)}, of {auc['n']} slices of "
        f"{auc['n_groups']} patients, papers or files."
    )
    if known["high"] < auc["low"]:
        return [_begun(said)]
    return [
        _begun(said),
        "The interval of the classifier does not lie above the other: much of what it knows may "
        "come from the look of the pictures, not from the disease.",
    ]


def _begun(said: str) -> str:
    return f"{said[0].upper()}{said[1:]}"


def _calibration(card: Card) -> str:
    training = card.get("training", {})
    val = training.get("val", {})
    if "images" not in val or "positive" not in val:
        return "The probability was calibrated on the validation slices that the card names."
    unseen = ", each judged by a network that had not learned from it" * out_of_fold(card)
    return (
        f"The probability was calibrated on {val['images']} validation slices of "
        f"{training.get('data', 'its training data')}, of which {val['positive']} were "
        f"COVID-19{unseen}."
    )


def _interval(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"
