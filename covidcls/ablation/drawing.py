"""The two figures of an ablation: ROC curves of all rows, and AUC over the margin."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import cycle, product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from covidcls.ablation.predictions import RowScores
from covidcls.ablation.report import in_words
from covidcls.ablation.table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

STEPS = 200  # of the false positive rate
COLOURS = ("#6b6b6b", "#1f5fa8", "#d9822b", "#2c8a57", "#8b52a8", "#b3392f", "#4aa3b8", "#9c7a2d")
STYLES = ("-", "--", ":")  # when the colours are used up
DPI = 120


def roc_table(rows: Sequence[RowScores]) -> dict[str, Array]:
    """``false_positive_rate``, and of each row by name the recall at a rate of at most so much, the
    mean of its trainings, each on its own fold."""
    from sklearn.metrics import roc_curve

    rates = np.linspace(0, 1, STEPS + 1)
    columns = {"false_positive_rate": rates}
    for row in rows:
        recalls = []
        for scores, fold in product(row.scores, np.unique(row.folds)):
            own = row.folds == fold
            alarms, recall, _ = roc_curve(row.labels[own], scores[own], drop_intermediate=False)
            recalls.append(recall[np.searchsorted(alarms, rates + 1e-9, side="right") - 1])
        columns[row.name] = np.mean(recalls, axis=0)
    return columns


def margin_table(table: Table) -> dict[str, dict[str, Array]]:
    """Of each region with several margins: ``margin`` (pixels inwards, rising), ``auc``, ``low``,
    ``high``. Rows that change anything else have no place on such a curve."""
    points: dict[str, list[tuple[float, float, float, float]]] = {}
    for row in table.rows:
        if row.options.keys() == {"data.region", "data.margin"}:
            auc = row.figures["auc"]
            point = (float(row.options["data.margin"]), auc.value, auc.low, auc.high)
            points.setdefault(str(row.options["data.region"]), []).append(point)
    names = ("margin", "auc", "low", "high")
    return {
        region: dict(zip(names, np.array(sorted(found)).T, strict=True))
        for region, found in points.items()
        if len({margin for margin, *_ in found}) > 1
    }


def draw_roc(columns: dict[str, Array], table: Table, title: str) -> bytes:
    """PNG of the curves of :func:`roc_table`, each with its area and interval in the legend."""
    from matplotlib.figure import Figure  # without pyplot: no window, no state of its own

    figure = Figure(figsize=(6.4, 6.2), layout="constrained")
    axes = figure.add_subplot()
    rates = columns["false_positive_rate"]
    for number, row in enumerate(table.rows):
        axes.step(
            rates,
            columns[row.name],
            where="post",
            linestyle=STYLES[number // len(COLOURS) % len(STYLES)],
            color=COLOURS[number % len(COLOURS)],
            label=f"{row.name}: {in_words(row.figures['auc'])}",
        )
    axes.plot([0, 1], [0, 1], ":", color="black", linewidth=0.8)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    axes.set_xlabel("false positive rate (1 - specificity)")
    axes.set_ylabel("recall (sensitivity)")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize="x-small", title="AUC, 95 %", title_fontsize="x-small")
    axes.set_title(title, fontsize=9)
    return _png(figure)


def draw_margins(curves: dict[str, dict[str, Array]], table: Table, title: str) -> bytes:
    """PNG of AUC over the margin of each region in ``curves``, with the regions without one."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.add_subplot()
    for (region, curve), colour in zip(curves.items(), COLOURS[1:], strict=False):
        axes.fill_between(
            curve["margin"], curve["low"], curve["high"], color=colour, alpha=0.15, linewidth=0
        )
        axes.plot(curve["margin"], curve["auc"], "o-", color=colour, label=f"{region}, 95 %")
    flat = [row for row in table.rows if row.options.keys() == {"data.region"}]
    for row, style in zip(flat, cycle(("--", ":", "-.")), strict=False):
        axes.axhline(row.figures["auc"].value, linestyle=style, color=COLOURS[0], label=row.name)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set_xlabel("margin r in pixels: outwards (< 0), inwards (> 0)")
    axes.set_ylabel("AUC")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    axes.set_title(title, fontsize=9)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DPI)
    return content.getvalue()
