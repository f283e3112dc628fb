"""The floors that stand beside an ablation, from the cards of its trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from covidcls.ablation.table import Floor


def floors_of(cards: Sequence[Mapping[str, Any]]) -> list[Floor]:
    """Pictures without lungs, on what each of ``cards`` (one a fold, of one row and seed) was
    judged on; and of file metadata, where the first card has an audit.

    Over several folds the mean of their AUC, without an interval, and of file metadata the
    cross-validated one alone: only the first fold has an audit.
    """
    lung_free = [card["floor"] for card in cards if card["floor"]["value"] is not None]
    found = []
    if len(lung_free) == 1:
        only = lung_free[0]
        found.append(Floor(only["what"], only["value"], only["low"], only["high"]))
    elif lung_free:
        mean = sum(floor["value"] for floor in lung_free) / len(lung_free)
        found.append(Floor(lung_free[0]["what"], round(mean, 4)))
    for floor in cards[0]["training"].get("audit", {}).get("floors", []) if cards else []:
        if floor["tested_on"] and len(cards) > 1:
            continue
        where = f"on {floor['tested_on']}" if floor["tested_on"] else "cross-validated"
        auc = floor["auc"]
        found.append(Floor(f"file {floor['name']}, {where}", auc["value"], auc["low"], auc["high"]))
    return found
