"""A classifier of every label, from its folds to its card: the command, for a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from covidcls.ablation.cells import Cell, Row, cells_of
from covidcls.ablation.judge import data_of, judge_validation
from covidcls.ablation.predictions import RowScores, row_scores
from covidcls.ablation.recipe import with_options
from lungseg.bootstrap import Interval
from lungseg.checkpoint import load_checkpoint, save_checkpoint
from lungseg.errors import UsageError
from pipelines.ablate_cells import Tell, Train, card_of, judge_cell, train_cells, train_process
from pipelines.ablate_study import CELLS, check_ready

FOLDS = 5


def refit(
    recipe: Mapping[str, Any],
    out: Path,
    folds: int = FOLDS,
    tell: Tell = lambda sentence: None,
    train: Train = train_process,
) -> dict[str, Any]:
    """Train ``recipe`` once on every label, and once for each of ``folds``, whose slices choose
    calibration and thresholds; ``NAME.safetensors`` and its card in ``out``. Returns the card.

    ``recipe``: nested options of ``train_cls``. ``tell`` and ``train`` as in
    :func:`pipelines.ablate_study.ablate`; the same call goes on where it was cut off. Raises
    UsageError, before any training, for a recipe that chooses its epoch, data that are missing, an
    ``out`` with other things, and extras that are not installed.
    """
    given = dict(recipe)
    name, seed = str(given.pop("name", "classifier")), int(given.pop("seed_everything", 1))
    _check_recipe(given)
    check_ready(out)
    everything = Cell(Row(f"{name}-everything", {"data.everything": True}), seed)
    of_folds = cells_of([Row(name)], (seed,), folds)
    folder = out / CELLS
    judged = {
        cell.name: judge_cell(cell, given, folder, judge_validation)
        for cell in train_cells([everything, *of_folds], given, folder, tell, train)
        if cell is not everything
    }
    scores = row_scores(name, (seed,), [[judged[cell.name] for cell in of_folds]])
    cards = [card_of(cell, folder) for cell in of_folds]
    tell("looking for what is known without the lungs")
    sources, floors = _sources_and_floors(with_options(given, everything.options), scores)
    from covidcls.ablation.refit import refit_card

    trained = load_checkpoint(folder / everything.name / "network.safetensors", "classifier")
    card = refit_card(trained.card, cards, scores, sources, floors)
    path = save_checkpoint(out, name, trained.tensors, card)
    final: dict[str, Any] = load_checkpoint(path, "classifier").card
    return final


def _check_recipe(recipe: Mapping[str, Any]) -> None:
    """Raise UsageError where validation would choose an epoch: of a training on every label it
    judges what was learned by heart."""
    trainer = recipe.get("trainer") or {}
    epochs, every = trainer.get("max_epochs"), trainer.get("check_val_every_n_epoch", 1)
    if epochs is None or every < epochs:
        raise UsageError(
            "this recipe chooses its epoch by validation, and a refit has none; keep the last: "
            f"give trainer.max_epochs, and as trainer.check_val_every_n_epoch the same "
            f"({epochs} and {every} now)"
        )
    for option in ("fold", "folds", "everything"):
        if option in (recipe.get("data") or {}):
            raise UsageError(f"a refit sets data.{option} itself; leave it out of the recipe")


def _sources_and_floors(
    recipe: Mapping[str, Any], scores: RowScores
) -> tuple[list[str], dict[str, Interval]]:
    """The name of the source of each slice of ``scores``, and what is known without the lungs of
    each source and, under an empty name, of all together.

    Raises UsageError where the data have other slices by now.
    """
    from covidcls.floor import lung_free_floor_of_folds

    data = data_of(recipe)
    data.read("train")
    pictures = data.pictures["train"]
    paths = [one.path.relative_to(data.data_dir).as_posix() for one in pictures]
    if sorted(paths) != list(scores.paths):
        raise UsageError(
            f"the folds judged {len(scores.paths)} slices, and the data have others "
            f"({len(paths)}); use another --out"
        )
    source_of = {path: one.source for path, one in zip(paths, pictures, strict=True)}
    fold_of = dict(zip(scores.paths, scores.folds.tolist(), strict=True))
    folds, part = [fold_of[path] for path in paths], (data.views["train"], pictures)
    names: list[str | None] = [None, *(source.name for source in data.sources)]
    floors = {name or "": lung_free_floor_of_folds(part, folds, name) for name in names}
    return [source_of[path] for path in scores.paths], floors
