"""Train on one data set, test on another: what the command does, for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from covidcls.ablation.cells import Row, cells_of
from covidcls.ablation.judge import every_picture, judge_by_lesions, judge_source, learned_from
from covidcls.ablation.plan import Plan
from covidcls.ablation.predictions import (
    JudgedSlice,
    read_predictions,
    row_scores,
    write_predictions,
)
from covidcls.ablation.recipe import with_options
from covidcls.data.learned import learned_hashes, overlap
from covidcls.data.pictures import paths_of
from covidcls.data.sources import Source
from lungseg.errors import UsageError
from lungseg.whole_file import write_json, write_whole
from pipelines.ablate_cells import Tell, Train, judge_cell, learned_by, train_cells, train_process
from pipelines.ablate_study import CELLS, check_of_data, check_ready, judged_sha256, scores_of
from pipelines.results import as_csv
from pipelines.versions import versions

LESIONS = "lesions"


def cross(
    plan: Plan,
    train_on: Sequence[Source],
    test_on: Sequence[Source],
    out: Path,
    together: bool = False,
    tell: Tell = lambda sentence: None,
    train: Train = train_process,
) -> dict[str, Any]:
    """Train every row and seed of ``plan`` on each data set of ``train_on`` (and with ``together``
    on all at once), test on each of ``test_on``, and write the matrix; returns what ``table.json``
    has.

    A data set that was trained on is tested on its validation part, any other whole; what stage 1
    alone knows stands beside. ``tell`` and ``train`` as in :func:`pipelines.ablate_study.ablate`;
    the same call goes on where it was cut off. Raises UsageError, before any training, for data
    that are missing or of one name, and an ``out`` in the way; and UnreadableError for a picture to
    test on.
    """
    if plan.folds is not None:
        raise UsageError(
            "a cross test has no folds: what is unseen is judged whole; leave them out"
        )
    check_ready(out)
    _check_sources([*train_on, *test_on])
    content_of = {source.name: _content(source) for source in test_on}
    sets = [[source] for source in train_on]
    if together and len(train_on) > 1:
        sets.append(list(train_on))
    pairs = [(row, one) for one in sets for row in plan.all_rows()]
    rows = [_row(row, one) for row, one in pairs]
    cells, folder = cells_of(rows, plan.seeds), out / CELLS
    judged: dict[str, dict[str, list[JudgedSlice]]] = {source.name: {} for source in test_on}
    for cell in train_cells(cells, plan.recipe, folder, tell, train):
        for source in test_on:
            judge, file = partial(judge_source, source=source), f"on-{source.name}.csv"
            judged[source.name][cell.name] = judge_cell(cell, plan.recipe, folder, judge, file)

    from covidcls.ablation.cross import (
        LESION_SHARE,
        NO_LABEL,
        RULES,
        CrossRow,
        Seen,
        as_dict,
        csv_rows,
        markdown,
    )

    measured = []
    for source in test_on:
        content = content_of[source.name]
        check_of_data(judged[source.name], content, Path(source.folder))
        for row, (recipe, one) in zip(rows, pairs, strict=True):
            scores = scores_of(row, plan.seeds, cells, judged[source.name])
            learned = learned_by(next(c for c in cells if c.row == row), folder)
            judged_on = [content[path] for path in scores.paths]
            n_learned = None if learned is None else overlap(judged_on, learned)
            own = learned_from(with_options(plan.recipe, row.options), source)
            seen: Seen = "learned in part" if n_learned else "unseen"
            seen = "own validation" if own else seen
            trained_on = _name(one)
            measured.append(
                CrossRow.measured(recipe.name, trained_on, source.name, seen, scores, n_learned)
            )
        kept = out / f"{LESIONS}-{source.name}.csv"
        if not kept.is_file():
            write_predictions(kept, judge_by_lesions(plan.recipe, source))
        alone = row_scores(LESION_SHARE, (0,), [[read_predictions(kept)]])
        measured.append(CrossRow.measured(LESION_SHARE, NO_LABEL, source.name, "unseen", alone))

    record = {
        "tool": "lungseg-covid cross",
        "trained_on": [_name(one) for one in sets],
        "tested_on": [source.name for source in test_on],
        "rows": [{**as_dict(row), "sha256": judged_sha256(row.scores)} for row in measured],
        "rules": RULES,
        "recipe": dict(plan.recipe),
        "versions": versions(),
    }
    names = ("table.csv", "table.md", "table.json")
    record["written"] = {name: str(out / name) for name in names}
    write_whole(out / "table.csv", as_csv(csv_rows(measured)))
    write_whole(out / "table.md", markdown(measured).encode())
    write_json(out / "table.json", record)
    return record


def _row(row: Row, sources: Sequence[Source]) -> Row:
    given = [
        {key: value for key, value in asdict(source).items() if value is not None}
        for source in sources
    ]
    return Row(f"{_name(sources)}.{row.name}", {**row.options, "data.sources": given})


def _name(sources: Sequence[Source]) -> str:
    return "+".join(source.name for source in sources)


def _content(source: Source) -> dict[str, str]:
    """What the greys of each picture hash to, by its path. Raises UnreadableError."""
    pictures = every_picture(source)
    return dict(zip(paths_of(pictures, Path(source.folder)), learned_hashes(pictures), strict=True))


def _check_sources(sources: Sequence[Source]) -> None:
    folders: dict[str, Path] = {}
    for source in sources:
        every_picture(source)
        folder = Path(source.folder).resolve()
        if folders.setdefault(source.name, folder) != folder:
            raise UsageError(
                f"{folders[source.name]} and {folder} have one name, by which results are told "
                "apart; rename one"
            )
