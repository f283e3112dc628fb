"""What a training says of its data: leaks and shortcuts before it, the floors beside its result."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from covidcls.operating_point import out_of_fold
from pipelines.text import one_line

if TYPE_CHECKING:
    from covidcls.audit.quick import QuickAudit

_SHOWN = 8  # findings; a data set may have hundreds
_WIDTH = 100


def before_training(audit: QuickAudit) -> list[str]:
    """Lines that say what was found, the worst first."""
    lines = []
    for finding in audit.findings[:_SHOWN]:
        about = " and ".join(path for path in (finding.file_a, finding.file_b) if path)
        lines += _wrapped("look   ", f"{about}: {finding.message}")
    if len(audit.findings) > _SHOWN:
        more = len(audit.findings) - _SHOWN
        lines.append(f"       and {more} more; python -m pipelines.audit lists them all")
    for floor in audit.floors.floors:
        lines += _wrapped("floor  ", floor.in_words())
    for sentence in audit.floors.unmeasured:
        lines += _wrapped("floor  ", sentence)
    return lines


def beside_result(card: Mapping[str, Any]) -> list[str]:
    """Lines with the AUC of every part that was measured, and of the floors, from a card."""
    said = {"val": "out of fold"} if out_of_fold(card) else {}
    rows = [
        (f"{card['name']}, {said.get(part, part)}", found["auc"])
        for part, found in card["figures"].items()
    ]
    rows.append((f"floor without lungs, {said.get('val', 'val')}", card["floor"]))
    for source, floor in card.get("floor_by_source", {}).items():
        rows.append((f"{card['name']}, {source}", card["figures_by_source"]["val"][source]["auc"]))
        rows.append((f"floor without lungs, {source}", floor))
    for floor in card["training"]["audit"]["floors"]:
        where = floor["tested_on"] or "cross-validated"
        rows.append((f"floor of file {floor['name']}, {where}", floor["auc"]))
    longest = max(len(name) for name, _ in rows)
    return [
        f"{name:<{longest}}  AUC {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f})"
        for name, auc in rows
    ]


def _wrapped(head: str, text: str) -> list[str]:
    return wrap(one_line(text), _WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
