"""Train the cells of an ablation one after another, each by ``train_cls``, and keep what they say.

A folder a cell: ``recipe.yaml`` (its whole recipe), ``log.txt``, the weights and their card
and, once it was judged, ``predictions.csv``. A cell that is done is used again, one that was
cut off goes on.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from covidcls.ablation.cells import Cell
from covidcls.ablation.predictions import JudgedSlice, Known, kept_predictions
from covidcls.ablation.recipe import check_sections, differing, read_yaml, with_options
from covidcls.data.learned import read_learned
from lungseg.errors import LungsegError, UsageError
from lungseg.whole_file import write_whole
from pipelines.command import ExitCode

Train = Callable[[Sequence[str], Path], int]
Judge = Callable[[Path, Mapping[str, Any]], list[JudgedSlice]]
Tell = Callable[[str], object]

RECIPE, LOG, PREDICTIONS, WEIGHTS = "recipe.yaml", "log.txt", "predictions.csv", "network"
STATES = "runs"
# the options by which data are divided
DIVIDING = (
    *("data_dir", "layout", "positive", "sources"),
    *("val_share", "split_seed", "fold", "folds", "everything"),
)


def train_process(arguments: Sequence[str], log: Path) -> int:
    """``train_cls`` as a process of its own, what it says appended to ``log``; the exit code."""
    command = [sys.executable, "-m", "pipelines.train_cls", *arguments]
    with log.open("ab") as file:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=file).returncode


def train_here(arguments: Sequence[str], log: Path) -> int:
    """``train_cls`` in this process: no start-up, which is most of the time of a tiny network."""
    from pipelines.train_cls import main

    with (
        log.open("a", encoding="utf-8") as file,
        contextlib.redirect_stdout(file),
        contextlib.redirect_stderr(file),
    ):
        return main(list(arguments))


def train_cells(
    cells: Sequence[Cell],
    recipe: Mapping[str, Any],
    out: Path,
    tell: Tell = lambda sentence: None,
    train: Train = train_process,
) -> Iterator[Cell]:
    """Train what is not trained yet, and give each cell as soon as its weights are there: judged
    before the next is trained, it is not lost with them.

    Raises UsageError, before any training, for a cell in ``out`` that had another recipe or whose
    data are not those of today, and for options of one that ``train_cls`` refuses; and, as soon as
    it is known, for cells whose lungs are of two stages 1 though their rows name one. ``tell`` gets
    a sentence a training.
    """
    recipes = {cell.name: with_options(recipe, cell.options) for cell in cells}
    for name, wanted in recipes.items():
        _check_same(out / name / RECIPE, wanted)
    missing = [c for c in cells if not _weights(out / c.name).with_suffix(".json").is_file()]
    _check_options({cell.row.name: recipes[cell.name] for cell in missing})
    _check_data({c.name: card_of(c, out) for c in cells if c not in missing}, recipes)
    stages_one: dict[Any, tuple[str, str]] = {}
    spent, done = 0.0, 0
    for cell in cells:
        if cell in missing:
            left = spent / done * (len(missing) - done) / 60 if done else None
            said = "" if left is None else f", about {left:.0f} minutes left"
            tell(f"training {done + 1} of {len(missing)}: {cell.name}{said}")
            # what is known of the files is the same in every cell: audited with the first
            began = time.monotonic()
            _train(out / cell.name, recipes[cell.name], cell is cells[0], train)
            spent, done = spent + time.monotonic() - began, done + 1
        # many times the size of the weights, and left of a cell that was killed after its card
        shutil.rmtree(out / cell.name / STATES, ignore_errors=True)
        _check_stage_one(stages_one, cell, card_of(cell, out))
        yield cell


def judge_cell(
    cell: Cell,
    recipe: Mapping[str, Any],
    out: Path,
    judge: Judge,
    file: str = PREDICTIONS,
    now: Collection[Known] | None = None,
) -> list[JudgedSlice]:
    """What a trained cell says of the slices that ``judge`` (weights, recipe) takes.

    Kept in ``file`` of its folder, and read from there the next time, unless it is of others than
    ``now``; see :func:`covidcls.ablation.predictions.kept_predictions`.
    """
    given = with_options(recipe, cell.options)
    weights = _weights(out / cell.name)
    return kept_predictions(out / cell.name / file, lambda: judge(weights, given), now)


def segmenters_in(cards: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Name and sha256 of each stage 1, as far as the cards of the cells say; it is one unless rows
    name others."""
    return [
        dict(pair)
        for pair in dict.fromkeys(tuple(c["segmenter"].items()) for c in cards if "segmenter" in c)
    ]


def card_of(cell: Cell, out: Path) -> dict[str, Any]:
    """The card of a trained cell."""
    file = _weights(out / cell.name).with_suffix(".json")
    card: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return card


def learned_by(cell: Cell, out: Path) -> frozenset[str] | None:
    """The hashes of what a trained cell learned from; see ``read_learned``."""
    return read_learned(_weights(out / cell.name), card_of(cell, out))


def _weights(folder: Path) -> Path:
    return folder / f"{WEIGHTS}.safetensors"


def _check_same(file: Path, wanted: Mapping[str, Any]) -> None:
    if not file.is_file():
        return
    different = differing(read_yaml(file), wanted)
    if different:
        raise UsageError(
            f"{file.parent} was trained with another {' and '.join(different)}; remove that folder "
            "or give another --out"
        )


def _check_options(recipes: Mapping[str, Mapping[str, Any]]) -> None:
    """A recipe of each row: the last would else be refused after the trainings of all others."""
    if not recipes:
        return
    from pipelines.train_cls import check_recipe

    for name, recipe in recipes.items():
        try:
            check_sections(recipe)
            check_recipe(recipe)
        except UsageError as error:
            raise UsageError(f"{name} cannot be trained: {error}") from error


def _check_data(
    trained: Mapping[str, Mapping[str, Any]], recipes: Mapping[str, Mapping[str, Any]]
) -> None:
    """Raise UsageError where a cell (its card in ``trained``) learned or judged other slices than
    its recipe divides today."""
    from covidcls.ablation.judge import split_of

    today: dict[str, str] = {}
    for name, card in trained.items():
        before = card.get("training", {}).get("split_sha256")  # cards of long ago have none
        data = recipes[name].get("data", {})
        division = json.dumps([data.get(option) for option in DIVIDING], default=vars)
        if before and division not in today:
            today[division] = split_of(recipes[name])
        if before and today[division] != before:
            raise UsageError(
                f"slices, labels or patients changed since {name} was trained; remove its folder, "
                "or give another --out"
            )


def _check_stage_one(
    known: dict[Any, tuple[str, str]], cell: Cell, card: Mapping[str, Any]
) -> None:
    """``known``: of what rows name as their stage 1, a cell and the sha256 of its own."""
    if "segmenter" not in card:  # as cards of long ago
        return
    asked = tuple(cell.row.options.get(f"data.{key}") for key in ("segmenter", "weights_dir"))
    sha256 = card["segmenter"]["sha256"]
    first, expected = known.setdefault(asked, (cell.name, sha256))
    if sha256 != expected:
        raise UsageError(
            f"{cell.name} saw the lungs of another stage 1 ({sha256[:12]}) than {first} "
            f"({expected[:12]}), and cannot be compared; remove the folder of one of them, or give "
            "another --out"
        )


def _train(folder: Path, recipe: Mapping[str, Any], audit: bool, train: Train) -> None:
    import yaml

    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / RECIPE, yaml.safe_dump(dict(recipe), sort_keys=False).encode())
    states = folder / STATES
    code = train(
        [
            f"--config={folder / RECIPE}",
            f"--name={WEIGHTS}",
            f"--runs={states}",
            f"--export_dir={folder}",
            "--resume=true",
            "--overwrite=true",  # weights without their card: the export was cut off
            "--report=false",
            f"--audit={str(audit).lower()}",
        ],
        folder / LOG,
    )
    if code != ExitCode.DONE:
        said = f"{folder.name} was not trained: {_last_line(folder / LOG)}"
        if code == ExitCode.USAGE and not states.exists():
            shutil.rmtree(folder)  # wrong use leaves nothing behind
            raise UsageError(said)
        raise LungsegError(f"{said}; all is in {folder / LOG}")


def _last_line(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    said = [line.strip() for line in text.splitlines() if line.strip()]
    return said[-1] if said else "it said nothing"
