"""The figures of an evaluation as PNG, each drawn from its table in ``curves``."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from covidcls.evaluation import curves
from covidcls.evaluation.curves import Array, Table
from covidcls.evaluation.scored import Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE = (5.2, 4.6)  # inches
BLUE, GREY, RED = "#1f5fa8", "#6b6b6b", "#b3392f"


@dataclass(frozen=True)
class Figures:
    """The table behind each figure by its name, and what is written into it.

    ``title`` stands above each; ``texts``: a further line by figure, such as its area.
    """

    tables: Mapping[str, Table]
    title: str
    positive: str
    texts: Mapping[str, str]
    threshold: float

    def draw(self, name: str) -> bytes:
        """The PNG of one figure."""
        from matplotlib.figure import Figure  # without pyplot: no window, no state of its own

        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        DRAW[name](axes, self.tables[name], self)
        text = self.texts.get(name, "")
        axes.set_title(f"{self.title}\n{text}" if text else self.title, fontsize=9)
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=120)
        return content.getvalue()


def tables_of(scored: Scored, threshold: float) -> dict[str, Table]:
    """The table of every figure, by name."""
    return {
        "roc": curves.roc(scored),
        "precision_recall": curves.precision_recall(scored),
        "reliability": curves.reliability(scored),
        "confusion_matrix": curves.confusion_matrix(scored, threshold),
        "misclassified": curves.misclassified(scored, threshold),
        "decision_curve": curves.decision_curve(scored),
    }


def _roc(axes: Axes, table: Table, figures: Figures) -> None:
    rate = table["false_positive_rate"]
    _band(axes, rate, table, "post")
    axes.step(rate, table["recall"], where="post", color=BLUE)
    axes.plot([0, 1], [0, 1], ":", color=GREY, label="chance")
    counts = figures.tables["confusion_matrix"]["n"]
    point = (counts[2] / counts[2:].sum(), counts[0] / counts[:2].sum())
    axes.plot(*point, "o", color=RED, label=f"threshold {figures.threshold:.2f}")
    _unit_square(axes, "false positive rate (1 - specificity)", "recall (sensitivity)")
    axes.legend(loc="lower right", fontsize="small")


def _precision_recall(axes: Axes, table: Table, figures: Figures) -> None:
    recall = table["recall"]
    _band(axes, recall, table, "pre")
    axes.step(recall, table["precision"], where="pre", color=BLUE)
    counts = figures.tables["confusion_matrix"]["n"]
    share = counts[:2].sum() / counts.sum()
    axes.axhline(share, linestyle=":", color=GREY, label="all called")
    if counts[0]:
        point = (counts[0] / counts[:2].sum(), counts[0] / (counts[0] + counts[2]))
        axes.plot(*point, "o", color=RED, label=f"threshold {figures.threshold:.2f}")
    _unit_square(axes, "recall (sensitivity)", "precision")
    axes.legend(loc="lower left", fontsize="small")


def _reliability(axes: Axes, table: Table, figures: Figures) -> None:
    axes.plot([0, 1], [0, 1], ":", color=GREY, label="calibrated")
    share = table["share"]
    # the share of a bin of a few slices may lie outside of its own percentiles
    error = np.maximum([share - table["low"], table["high"] - share], 0)
    axes.errorbar(
        table["probability"], share, error, fmt="o", color=BLUE, capsize=3, label="share, 95 %"
    )
    for x, y, n in zip(table["probability"], share, table["n"], strict=True):
        place = (6, 6 if y < 0.5 else -12)  # inside of the axes
        axes.annotate(f"{n:.0f}", (x, y), place, textcoords="offset points", fontsize=8)
    name = figures.positive
    _unit_square(axes, f"mean probability of {name} (beside: images)", f"share of {name}")
    axes.legend(loc="upper left", fontsize="small")


def _confusion_matrix(axes: Axes, table: Table, figures: Figures) -> None:
    counts = table["n"].reshape(2, 2)
    shares = counts / counts.sum(axis=1, keepdims=True)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [figures.positive, f"not {figures.positive}"]
    for truth in (0, 1):
        for called in (0, 1):
            text = f"{counts[truth, called]:.0f}\n{shares[truth, called]:.1%}"
            colour = "white" if shares[truth, called] > 0.6 else "black"
            axes.text(called, truth, text, ha="center", va="center", color=colour, fontsize=13)
    axes.set_xticks([0, 1], names)
    axes.set_yticks([0, 1], names, rotation=90, va="center")
    axes.set_xlabel(f"called, at threshold {figures.threshold:.2f}")
    axes.set_ylabel("truth")


def _misclassified(axes: Axes, table: Table, figures: Figures) -> None:
    from matplotlib.ticker import MaxNLocator

    width = table["to"] - table["from"]
    names = {"false_negatives": (f"{figures.positive}, missed", RED)}
    names["false_positives"] = (f"not {figures.positive}, called", BLUE)
    below = np.zeros_like(width)
    for column, (name, colour) in names.items():
        n = table[column]
        label = f"{name} ({n.sum():.0f})"
        axes.bar(table["from"], n, width, below, align="edge", color=colour, label=label)
        below = below + n
    axes.axvline(figures.threshold, color="black", label=f"threshold {figures.threshold:.2f}")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, max(below.max(), 1) * 1.3)  # room for the legend
    axes.set_xlabel(f"probability of {figures.positive}")
    axes.set_ylabel("misclassified images")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="upper center", fontsize="small", ncols=2)


def _decision_curve(axes: Axes, table: Table, figures: Figures) -> None:
    threshold, benefit = table["threshold"], table["net_benefit"]
    _band(axes, threshold, table, None)
    axes.plot(threshold, benefit, color=BLUE, label="acting on the classifier")
    axes.plot(threshold, table["all"], "--", color=GREY, label="acting always")
    axes.axhline(0, linestyle=":", color="black", label="acting never")
    top = max(table["high"].max(), table["all"].max())
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.3 * top, 1.1 * top)
    axes.set_xlabel("probability from which one would act")
    axes.set_ylabel("net benefit, true positives per image")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right", fontsize="small")


def _band(axes: Axes, x: Array, table: Table, step: Literal["pre", "post"] | None) -> None:
    low, high = table["low"], table["high"]
    axes.fill_between(x, low, high, step=step, label="95 %", color=BLUE, alpha=0.18, linewidth=0)


def _unit_square(axes: Axes, x: str, y: str) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.3)


DRAW = {
    "roc": _roc,
    "precision_recall": _precision_recall,
    "reliability": _reliability,
    "confusion_matrix": _confusion_matrix,
    "misclassified": _misclassified,
    "decision_curve": _decision_curve,
}
