"""Tables of the cards of networks: the shipped ones, other seeds of them, other recipes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from result_tables.markdown import count, figure, table_of

Card = dict[str, Any]


def cards_in(folder: Path) -> Iterator[Card]:
    """The cards among the JSON files of ``folder``, by name."""
    for path in sorted(folder.glob("*.json")):
        card = json.loads(path.read_text())
        if "kind" in card:
            yield card


def stage_one(cards: Sequence[Card], tried: Sequence[Card] = ()) -> str:
    """Dice of every seed on every source; of those ``tried``, on whole sources with lungs alone."""
    rows = []
    for card in (*cards, *tried):
        for data, figures in card["figures"].items():
            if card in tried and ("stress" in data or "dice" not in figures):
                continue
            of_lung = figures.get("dice") or figures["empty"]
            rows.append(
                [
                    f"{card['name']}, seed {card['training']['seed']}",
                    data,
                    f"{of_lung['n']} / {of_lung['n_groups']}",
                    *(figure(figures.get(key)) for key in ("dice", "worst_decile")),
                    count(figures.get("empty")),
                    count(figures.get("refused")),
                    figure(figures.get("lesion_dice_pooled")),
                ]
            )
    head = ["network", "data", "slices / patients", "mean Dice", "worst tenth"]
    head += ["left empty where no lung", "taken for no chest CT", "lesion Dice, pooled"]
    return table_of(head, rows)


def lesion_share(cards: Sequence[Card]) -> str:
    """Predicted against true share of the lung that is lesion, by mask and by probability."""
    rows = [
        [
            f"{card['name']}, seed {card['training']['seed']}",
            data,
            how,
            *(figure(figures.get(f"{key}_{part}")) for part in ("error", "bias", "slope")),
        ]
        for card in cards
        for data, figures in card["figures"].items()
        for how, key in (("mask", "lesion_share"), ("expected", "expected_share"))
        if f"{key}_error" in figures and "stress" not in data
    ]
    return table_of(["network", "data", "share", "mean error", "bias", "slope"], rows)


def stage_two(cards: Sequence[Card]) -> str:
    """Validation figures, or of folds, of every seed on each source, with the floor."""
    rows = []
    for card in sorted(cards, key=lambda c: (c["name"], c["training"]["seed"])):
        training, floors = card["training"], card.get("floor_by_source")
        for source, figures in _by_source(card).items():
            rows.append(
                [
                    f"{card['name']}, seed {training['seed']}",
                    card["region"],
                    _start(card),
                    f"{training['epochs']} (kept: {training['best_epoch'] + 1})",
                    _validated_on(card, source),
                    *(figure(figures[k]) for k in ("auc", "accuracy", "recall", "specificity")),
                    figure(card["floor"] if floors is None else floors.get(source)),
                ]
            )
    head = ["network", "region", "start", "epochs", "validated on", "AUC", "accuracy", "recall"]
    return table_of([*head, "specificity", "floor: AUC without lungs"], rows)


def reliability(cards: Sequence[Card]) -> str:
    """Of cards whose folds judged them, what probabilities and thresholds are worth on each source
    that was learned."""
    errors, points = [], []
    for card in cards:
        for name, found in card.get("reliability", {}).items():
            error = f"{figure(found['ece'])}, by chance {found['ece_by_chance']:.3f}"
            unanswered = f"{found['indeterminate']:,} of {found['n']:,}"
            errors.append([card["name"], name, figure(found["brier"]), error, unanswered])
            for aim, point in card["operating_points"].items():
                of_source = point.get("by_source", {name: point})[name]
                reached = (figure(of_source[key]) for key in ("recall", "specificity"))
                points.append([card["name"], name, aim, f"{point['threshold']:.3f}", *reached])
    head = ["weights", "data"]
    by_source = table_of([*head, "Brier score", "calibration error", "indeterminate"], errors)
    at = table_of([*head, "operating point", "threshold", "recall", "specificity"], points)
    return f"{by_source}\n\n{at}"


def patients(cards: Sequence[Card]) -> str:
    """One probability a patient by each rule, of the cards whose folds judged patients; and what
    the thresholds, which slices chose, reach with the default rule."""
    rules, points = [], []
    for card in cards:
        if found := card.get("patients"):
            of = f"{found['n']} / {found['n_positive']}"
            for rule, figures in found.items():
                if isinstance(figures, dict) and "auc" in figures:
                    default = " (default)" if rule == found["default"] else ""
                    said = (figure(figures[key]) for key in ("auc", "brier", "ece"))
                    rules.append([card["name"], of, f"{rule}{default}", *said])
            for name, point in found["operating_points"].items():
                reached = (figure(point[key]) for key in ("recall", "specificity"))
                points.append([card["name"], name, f"{point['threshold']:.3f}", *reached])
    head = ["weights", "patients / with COVID-19"]
    by_rule = table_of([*head, "rule", "AUC", "Brier score", "calibration error"], rules)
    at = table_of(["weights", "operating point", "threshold", "recall", "specificity"], points)
    return f"{by_rule}\n\n{at}"


def tried(cards: Sequence[Card]) -> str:
    """Validation AUC of every recipe on each source that it learned, the shipped among them."""
    rows = []
    for card in cards:
        training = card["training"]
        model, data = training["recipe"]["model"], training["recipe"]["data"]
        rows.append(
            [
                card["architecture"],
                _start(card),
                card["region"],
                f"{card['margin']}",
                card.get("normalise", "none"),
                "yes" if "fusion" in card else "no",
                f"{data['size']} px",
                data["augmentation"],
                f"{model.get('mixup', 0)}",
                f"{model['learning_rate']}",
                f"{training['epochs']}",
                f"{training['seed']}",
                "; ".join(
                    f"{_validated_on(card, name)} {figure(one['auc'])}"
                    for name, one in _by_source(card).items()
                ),
            ]
        )
    head = ["network", "start", "region", "margin", "greys by", "with lesions", "input"]
    head += ["augmentation", "mixup", "rate", "epochs", "seed", "validation AUC"]
    return table_of(head, sorted(rows))


def _by_source(card: Card) -> dict[str, Any]:
    """The figures of a classifier on the validation part of each source that it learned."""
    sources = card.get("figures_by_source", {}).get("val")
    if sources is None:
        return {card["training"]["data"]: card["figures"]["val"]}
    return {name: one for name, one in sources.items() if name != "mean_auc"}


def _validated_on(card: Card, source: str) -> str:
    folds = card["training"].get("folds")
    return source if folds is None else f"{source}, {len(folds['score'])} folds"


def _start(card: Card) -> str:
    return {"none": "random", "package": "ImageNet"}.get(card["training"]["started_from"], "a file")


def weights(cards: Sequence[Card], folder: Path) -> str:
    """Size of those weights that lie in ``folder``, and what half precision cost."""
    rows = []
    for card in cards:
        file = folder / f"{card['name']}.safetensors"
        if not file.is_file() or json.loads(file.with_suffix(".json").read_text()) != card:
            continue
        cost = ", ".join(
            f"{what.replace('_', ' ')} {by:+.4f}"
            for what, by in card["half_precision_cost"].items()
        )
        rows.append(
            [
                card["name"],
                f"{card['parameters'] / 1e6:.1f} M",
                f"{file.stat().st_size / 1e6:.1f} MB",
                cost,
            ]
        )
    return table_of(["weights", "parameters", "file", "cost of half precision"], rows)
