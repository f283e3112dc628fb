"""What a person looks at while a network trains: curves, and the base of other drawings."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.utilities.rank_zero import rank_zero_warn
from torch import Tensor

from lungseg.whole_file import write_whole

COLUMNS = 3  # panels beside each other
PANEL = (4.6, 3.2)  # inches


class TrainingReport(lightning.Callback):
    """Draws into the ``folder`` of a run; what fails is told once, and the training goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._told = False

    def attempt(self, draw: Callable[[], None]) -> None:
        """Call ``draw``, whatever it raises: no picture is worth a training."""
        try:
            draw()
        except Exception as error:
            if not self._told:
                rank_zero_warn(
                    f"{type(self).__name__} cannot draw ({type(error).__name__}: {error}); "
                    "the training goes on"
                )
            self._told = True


class TrainingCurves(TrainingReport):
    """``curves.png``: what is logged as ``train/...`` and ``val/...``, a point a validation.

    Of training the mean over the epoch, as the first process sees it. A resumed run goes on with
    the earlier points.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.history: list[dict[str, float]] = []
        self._steps: dict[str, list[Tensor]] = defaultdict(list)

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self._steps.clear()

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        for name, value in trainer.callback_metrics.items():
            if name.startswith("train/"):
                self._steps[name].append(value.detach())

    def on_validation_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        # read in every process, because a figure of all of them may only now be gathered
        figures = {k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith("val/")}
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        losses = {name: float(sum(steps)) / len(steps) for name, steps in self._steps.items()}
        self.history.append({"epoch": trainer.current_epoch, **losses, **figures})
        self.attempt(lambda: write_whole(self.folder / "curves.png", draw_curves(self.history)))

    def state_dict(self) -> dict[str, Any]:
        return {"history": self.history}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.history = list(state_dict["history"])


def draw_curves(history: Sequence[Mapping[str, float]]) -> bytes:
    """A PNG with a panel of losses and one for each kind of figure, over the epochs from 0.

    ``history``: values by name, with ``epoch``; ``val/SOURCE/FIGURE`` is the line SOURCE of the
    panel FIGURE.
    """
    from matplotlib.figure import Figure  # without pyplot: no window, no state of its own
    from matplotlib.ticker import MaxNLocator

    panels: dict[str, dict[str, str]] = defaultdict(dict)
    for name in dict.fromkeys(name for row in history for name in row if name != "epoch"):
        panel, line = _place(name)
        panels[panel][line] = name
    colours: dict[str, str] = {}
    rows = -(-len(panels) // COLUMNS)
    figure = Figure(figsize=(COLUMNS * PANEL[0], max(rows, 1) * PANEL[1]), layout="constrained")
    for number, (panel, lines) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(rows, COLUMNS, number)
        for line, name in lines.items():
            points = [(row["epoch"], row[name]) for row in history if name in row]
            colour = colours.setdefault(line, f"C{len(colours)}")  # one in all panels
            axes.plot(*zip(*points, strict=True), marker=".", label=line, color=colour)
        axes.set_title(panel)
        axes.set_xlabel("epoch")
        axes.set_xlim(-0.5, history[-1]["epoch"] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=90)
    return content.getvalue()


def _place(name: str) -> tuple[str, str]:
    """The panel and the line of a logged name."""
    if name.startswith("train/") or name.endswith("loss"):
        return "loss", name
    _, *source, what = name.split("/")
    return (what, "/".join(source)) if source else ("validation", what)
