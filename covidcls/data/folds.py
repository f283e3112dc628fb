"""Folds that keep patients, papers, copies and neighbours together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from covidcls.data.pictures import LabelledPicture
from lungseg.errors import UsageError
from lungseg.whole_file import write_json

TOGETHER = "patient, paper, copy and run of numbers"  # what lies in one fold alone
# Longer runs cut fewer patients in two; shorter ones make folds that are more alike.
_RUNS_OF_A_FOLD = 4


def cached_folds(
    root: Path, pictures: Sequence[LabelledPicture], n: int, seed: int, folder: Path
) -> list[int]:
    """:func:`grouped_folds`, kept in ``folder`` by the content of the files: looking for copies
    takes minutes, and every fold of an ablation asks again."""
    lines = [
        f"{one.path.relative_to(root).as_posix()},{one.label},{one.patient},"
        f"{hashlib.sha256(one.path.read_bytes()).hexdigest()}"
        for one in pictures
    ]
    said = "\n".join([f"{n} folds, seed {seed}, {TOGETHER}", *sorted(lines)])
    digest = hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()
    file = folder / "folds" / f"{digest[:16]}.json"
    if file.is_file():
        kept: dict[str, int] = json.loads(file.read_text(encoding="utf-8"))
    else:
        kept = grouped_folds(root, pictures, n, seed)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, kept)
    return [kept[one.path.relative_to(root).as_posix()] for one in pictures]


def grouped_folds(
    root: Path, pictures: Sequence[LabelledPicture], n: int, seed: int
) -> dict[str, int]:
    """Fold, from 0, of each path below ``root``; ``n`` folds of about one size in every class.

    A patient, a paper and the copies of a picture are in one fold; and where neither patient nor
    paper is known, a run of consecutive numbers (see :func:`covidcls.data.ties.by_run`). Raises
    UsageError where a fold gets no picture of a class, and without the extra ``[audit]``.
    """
    try:
        import faiss  # noqa: F401  # what find_copies needs, asked for before minutes of reading
        import imagehash  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"folds keep copies together, and finding them needs {error.name}; install the extra "
            "with pip install 'lungseg-covid[audit]'"
        ) from error
    from covidcls.audit.copies import copy_groups, find_copies
    from covidcls.audit.quick import labelled_image
    from covidcls.audit.reading import read_files
    from covidcls.audit.splits import build_split
    from covidcls.audit.traces import TraceStore, trace
    from covidcls.audit.units import Tie
    from covidcls.data.ties import by_paper, by_run

    images = [labelled_image(root, picture) for picture in pictures]
    store = TraceStore(len(images))
    digests: list[str | None] = []
    for index, file in enumerate(read_files([one.path for one in pictures], trace)):
        # a picture of one grey value is like any other of that value
        digests.append(None if file.constant else file.digest)
        if file.measured is not None:
            store[index] = file.measured
    pairs = find_copies(digests, store)
    ties: list[Tie] = [
        *copy_groups(images, pairs),
        *by_paper(images),
        *by_run(images, pairs, _RUNS_OF_A_FOLD * n),
    ]
    shares = {f"fold {fold}": 1 / n for fold in range(n)}
    split = build_split(images, ties, shares, seed)
    return {path: int(part.removeprefix("fold ")) for path, part in split.assignment.items()}
