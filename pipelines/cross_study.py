"""Train on one data set, test on another: what the command does, for a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from covidcls.ablation.cells import Cell, Row, cells_of
from covidcls.ablation.judge import every_picture, judge_by_lesions, judge_source, learned_from
from covidcls.ablation.plan import Plan
from covidcls.ablation.predictions import JudgedSlice, Known, kept_predictions, row_scores
from covidcls.ablation.recipe import with_options
from covidcls.data.learned import learned_hashes, overlap
from covidcls.data.pictures import paths_of
from covidcls.data.sources import Source
from lungseg.errors import UsageError
from lungseg.whole_file import write_json, write_whole
from pipelines.ablate_cells import (
    Tell,
    Train,
    card_of,
    judge_cell,
    learned_by,
    segmenters_in,
    train_cells,
    train_process,
)
from pipelines.ablate_study import CELLS, check_of_data, check_ready, judged_sha256, scores_of
from pipelines.results import as_csv
from pipelines.versions import versions

LESIONS = "lesions"


@dataclass(frozen=True)
class _Tested:
    """A data set to test on, as it is now: ``slices``, and by path the ``content`` of each, what
    its greys hash to."""

    source: Source
    slices: frozenset[Known]
    content: Mapping[str, str]

    @classmethod
    def of(cls, source: Source) -> _Tested:
        """Every picture. Raises what :func:`covidcls.data.only_slice.only_slice` does."""
        pictures = every_picture(source)
        paths = paths_of(pictures, Path(source.folder))
        slices = ((path, one.label, one.patient) for path, one in zip(paths, pictures, strict=True))
        content = dict(zip(paths, learned_hashes(pictures), strict=True))
        return cls(source, frozenset(slices), content)

    def judged_by(self, cell: Cell, recipe: Mapping[str, Any], folder: Path) -> list[JudgedSlice]:
        """What a trained cell in ``folder`` says of it, judged again when other slices were; or of
        its validation part, as the training divided it, where it learned from it."""
        own = learned_from(with_options(recipe, cell.options), self.source)
        judge, file = partial(judge_source, source=self.source), f"on-{self.source.name}.csv"
        return judge_cell(cell, recipe, folder, judge, file, None if own else self.slices)

    def lesion_shares(self, recipe: Mapping[str, Any], out: Path) -> list[JudgedSlice]:
        """What stage 1 alone says of it, kept in ``out``."""
        judge = partial(judge_by_lesions, recipe, self.source)
        return kept_predictions(out / f"{LESIONS}-{self.source.name}.csv", judge, self.slices)


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

    A data set that was trained on is tested on its validation part, any other whole, and again when
    its pictures, labels or patients changed; what stage 1 alone knows stands beside. ``tell`` and
    ``train`` as in :func:`pipelines.ablate_study.ablate`; the same call goes on where it was cut
    off. Raises, before any training, UsageError for data that are missing or of one name and an
    ``out`` in the way, and UnreadableError for a picture to test on.
    """
    if plan.folds is not None:
        raise UsageError(
            "a cross test has no folds: what is unseen is judged whole; leave them out"
        )
    check_ready(out, [Path(source.folder) for source in (*train_on, *test_on)])
    _check_sources([*train_on, *test_on])
    tested = [_Tested.of(source) for source in test_on]
    sets = [[source] for source in train_on]
    if together and len(train_on) > 1:
        sets.append(list(train_on))
    pairs = [(row, one) for one in sets for row in plan.all_rows()]
    rows = [_row(row, one) for row, one in pairs]
    cells, folder = cells_of(rows, plan.seeds), out / CELLS
    judged: dict[str, dict[str, list[JudgedSlice]]] = {source.name: {} for source in test_on}
    for cell in train_cells(cells, plan.recipe, folder, tell, train):
        for data in tested:
            judged[data.source.name][cell.name] = data.judged_by(cell, plan.recipe, folder)

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
    for data in tested:
        source, content = data.source, data.content
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
        alone = row_scores(LESION_SHARE, (0,), [[data.lesion_shares(plan.recipe, out)]])
        measured.append(CrossRow.measured(LESION_SHARE, NO_LABEL, source.name, "unseen", alone))

    record = {
        "tool": "lungseg-covid cross",
        "trained_on": [_name(one) for one in sets],
        "tested_on": [source.name for source in test_on],
        "segmenters": segmenters_in(card_of(cell, folder) for cell in cells),
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
