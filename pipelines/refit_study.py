"""A classifier of every label, from its folds to its card: the command, for a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covidcls.ablation.cells import Cell, Row, cells_of
from covidcls.ablation.judge import data_of, judge_validation
from covidcls.ablation.predictions import RowScores, row_scores
from covidcls.ablation.recipe import check_sections, with_options
from covidcls.data.learned import read_learned, write_learned
from covidcls.data.pictures import split_sha256
from covidcls.data.sources import read_sources
from lungseg.checkpoint import load_checkpoint, save_checkpoint
from lungseg.errors import UsageError
from pipelines.ablate_cells import (
    WEIGHTS,
    Tell,
    Train,
    card_of,
    judge_cell,
    train_cells,
    train_process,
)
from pipelines.ablate_study import CELLS, check_ready
from pipelines.extras import check_installed

if TYPE_CHECKING:
    from covidcls.ablation.refit import Judged


def refit(
    recipe: Mapping[str, Any],
    out: Path,
    folds: int,
    tell: Tell = lambda sentence: None,
    train: Train = train_process,
) -> dict[str, Any]:
    """Train ``recipe`` once on every label, and once for each of ``folds``, whose slices choose
    calibration and thresholds; ``NAME.safetensors``, its card and ``NAME.learned`` in ``out``.
    Returns the card.

    ``recipe``: nested options of ``train_cls``. ``tell`` and ``train`` as in
    :func:`pipelines.ablate_study.ablate`; the same call goes on where it was cut off. Raises
    UsageError, before any training, for a recipe that chooses its epoch, data that are missing or
    too few, an ``out`` with other things, and extras that are not installed; after it, where data
    or stage 1 changed between trainings.
    """
    given = dict(recipe)
    name, seed = str(given.pop("name", "classifier")), given.pop("seed_everything", 1)
    _check_recipe(given, name)
    if type(seed) is not int or seed < 0:
        raise UsageError(f"seed_everything should be a whole number, and is {seed!r}")
    check_installed("train")
    check_installed("audit")
    everything = Cell(Row(f"{name}-everything", {"data.everything": True}), seed)
    of_folds, folder = cells_of([Row(name)], (seed,), folds), out / CELLS
    first = data_of(with_options(given, of_folds[0].options))
    check_ready(out, [Path(source.folder) for source in first.sources])
    read_sources(first.sources, "val", first.division())  # tells what cannot be divided
    judged = {
        cell.name: judge_cell(cell, given, folder, judge_validation)
        for cell in train_cells([everything, *of_folds], given, folder, tell, train)
        if cell is not everything
    }
    scores = row_scores(name, (seed,), [[judged[cell.name] for cell in of_folds]])
    trained = load_checkpoint(folder / everything.name / f"{WEIGHTS}.safetensors", "classifier")
    tell("looking for what is known without the lungs")
    slices = _slices(with_options(given, everything.options), scores, trained.card)

    from covidcls.ablation.refit import refit_card

    card = refit_card(trained.card, [card_of(cell, folder) for cell in of_folds], scores, slices)
    assert trained.path is not None
    learned = read_learned(trained.path, trained.card)
    if learned is not None:  # cells of before have none
        card["learned"] = write_learned(out / f"{name}.safetensors", learned)
    path = save_checkpoint(out, name, trained.tensors, card)
    final: dict[str, Any] = load_checkpoint(path, "classifier").card
    return final


def _check_recipe(recipe: Mapping[str, Any], name: str) -> None:
    """Raise UsageError for sections that are none, and where validation would choose an epoch: of
    a training on every label it judges what was learned by heart."""
    check_sections(recipe)
    trainer = recipe.get("trainer", {})
    epochs, every = trainer.get("max_epochs"), trainer.get("check_val_every_n_epoch", 1)
    if not isinstance(epochs, int) or epochs < 1 or every != epochs:
        raise UsageError(
            "a refit has no validation to choose an epoch, or the end of the training, by: give "
            f"trainer.max_epochs, and the same as trainer.check_val_every_n_epoch ({epochs} and "
            f"{every} now)"
        )
    if recipe.get("test"):
        raise UsageError("a refit leaves held-out data alone; leave test: true out of the recipe")
    for option in ("fold", "folds", "everything"):
        if option in recipe.get("data", {}):
            raise UsageError(f"a refit sets data.{option} itself; leave it out of the recipe")
    if Path(name).name != name:
        raise UsageError(f"the name {name!r} is no name of a file; give another")


def _slices(recipe: Mapping[str, Any], scores: RowScores, card: Mapping[str, Any]) -> Judged:
    """What is known of the slices of ``scores``; ``card`` of the training on all of them.

    Raises UsageError where the data are not those that were trained on and judged.
    """
    from covidcls.ablation.refit import Judged
    from covidcls.floor import lung_free_floor_of_folds

    data = data_of(recipe)
    data.read("train")
    pictures, seen = data.pictures["train"], data.views["train"]
    now = split_sha256((part, one) for part in ("train", "val") for one in pictures)
    place = {
        one.path.relative_to(data.data_dir).as_posix(): index for index, one in enumerate(pictures)
    }
    if sorted(place) != list(scores.paths) or now != card["training"]["split_sha256"]:
        raise UsageError(
            "slices, labels or patients changed since these networks were trained: use another "
            f"--out ({len(scores.paths)} slices were judged, and there are {len(place)})"
        )
    fold_of = dict(zip(scores.paths, scores.folds.tolist(), strict=True))
    folds = [fold_of[path] for path in place]
    names = [source.name for source in data.sources]
    floors = {"": lung_free_floor_of_folds((seen, pictures), folds)}
    if len(names) > 1:
        floors |= {name: lung_free_floor_of_folds((seen, pictures), folds, name) for name in names}
    order = [place[path] for path in scores.paths]
    findings = [seen.findings[index] for index in order] if seen.findings else []
    return Judged([pictures[index].source for index in order], findings, floors)
