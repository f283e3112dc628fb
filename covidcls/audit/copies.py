"""Pictures that stand in a data set more than once, and what their copies cross."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from covidcls.audit.findings import Crossing, Finding
from covidcls.audit.inventory import LabelledImage, crossings
from covidcls.audit.neighbours import candidates
from covidcls.audit.same_picture import SAME, similarity
from covidcls.audit.traces import TraceStore

_PAIRS_PER_TASK = 64  # a few hundredths of a second


@dataclass(frozen=True)
class Pair:
    """Two pictures by index, ``a`` < ``b``; ``exact``: the same decoded grey pixels."""

    a: int
    b: int
    similarity: float = 1.0
    exact: bool = False
    mirrored: bool = False


@dataclass(frozen=True)
class CopyGroup:
    """Images that are one picture, by chains of pairs; ``name`` such as ``copies-1``."""

    name: str
    images: tuple[LabelledImage, ...]
    pairs: tuple[Pair, ...]
    crosses: tuple[Crossing, ...]


def exact_pairs(digests: Sequence[str | None]) -> list[Pair]:
    """Every picture with the first that has its digest; None has no copy."""
    first: dict[str, int] = {}
    pairs = []
    for index, digest in enumerate(digests):
        if digest is not None and first.setdefault(digest, index) != index:
            pairs.append(Pair(first[digest], index, exact=True))
    return pairs


def near_pairs(
    store: TraceStore, among: Sequence[int], workers: int = 1, least: float = SAME
) -> list[Pair]:
    """The pairs, of pictures with an index in ``among``, whose similarity is ``least`` or more: at
    SAME those that are copies but not bit by bit.

    ``workers``: threads; OpenCV computes outside the interpreter's lock.
    """
    found = candidates(store, np.asarray(among, np.intp))
    tasks = [
        found[start : start + _PAIRS_PER_TASK] for start in range(0, len(found), _PAIRS_PER_TASK)
    ]
    with ThreadPoolExecutor(max(1, workers), thread_name_prefix="compare") as pool:
        compared = pool.map(lambda rows: [_compared(store, *row) for row in rows.tolist()], tasks)
        pairs = [pair for task in compared for pair in task if pair.similarity >= least]
    best: dict[tuple[int, int], Pair] = {}
    for pair in sorted(pairs, key=lambda pair: pair.similarity):
        best[pair.a, pair.b] = pair  # a symmetric picture is like another both ways
    return sorted(best.values(), key=lambda pair: (pair.a, pair.b))


def _compared(store: TraceStore, a: int, b: int, mirrored: int) -> Pair:
    one, other = store.squares[a], store.squares[b]
    if mirrored:
        other = np.ascontiguousarray(other[:, ::-1])
    detail = int(min(store.detail[a], store.detail[b]))
    return Pair(a, b, similarity(one, other, detail), mirrored=bool(mirrored))


def find_copies(
    digests: Sequence[str | None], store: TraceStore, workers: int = 1, least: float = SAME
) -> list[Pair]:
    """Exact pairs, then near ones among one picture of each exact group.

    ``digests``: None for a picture that is left out (unreadable, or of one grey value).
    ``least``: of the similarity; below SAME come pairs that are no copies.
    """
    exact = exact_pairs(digests)
    repeated = {pair.b for pair in exact}
    among = [i for i, digest in enumerate(digests) if digest is not None and i not in repeated]
    return exact + near_pairs(store, among, workers, least)


def copy_groups(images: Sequence[LabelledImage], pairs: Iterable[Pair]) -> list[CopyGroup]:
    """The connected components of ``pairs``, the largest first; indices are those of ``images``."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = list(pairs)
    edges = ([pair.a for pair in pairs], [pair.b for pair in pairs])
    graph = coo_array((np.ones(len(pairs)), edges), shape=(len(images), len(images)))
    _, component = connected_components(graph, directed=False)
    of: dict[int, list[Pair]] = {}
    for pair in pairs:
        of.setdefault(int(component[pair.a]), []).append(pair)
    groups = []
    for number, group in enumerate(sorted(of.values(), key=len, reverse=True), start=1):
        members = sorted({index for pair in group for index in (pair.a, pair.b)})
        here = tuple(images[index] for index in members)
        groups.append(CopyGroup(f"copies-{number}", here, tuple(group), crossings(here)))
    return groups


def copy_findings(images: Sequence[LabelledImage], groups: Iterable[CopyGroup]) -> list[Finding]:
    """One row for each pair; ``crosses`` is that of the pair."""
    return [_finding(images, pair, group.name) for group in groups for pair in group.pairs]


def _finding(images: Sequence[LabelledImage], pair: Pair, group: str) -> Finding:
    a, b = images[pair.a], images[pair.b]
    crosses = crossings((a, b))
    return Finding(
        "exact_copy" if pair.exact else "near_copy",
        f"{_what(pair)}: {_meaning(a, b, crosses)}",
        crosses,
        a.path,
        b.path,
        pair.similarity,
        group,
    )


def _what(pair: Pair) -> str:
    if pair.exact:
        return "the same pixels in two files"
    return "the same picture, one mirrored" if pair.mirrored else "the same picture"


def _meaning(a: LabelledImage, b: LabelledImage, crosses: Sequence[Crossing]) -> str:
    said = []
    if "labels" in crosses:
        said.append(
            f"it is labelled {a.label} and {b.label}, so one label is wrong, and whatever a model "
            "answers counts as an error once"
        )
    if "splits" in crosses:
        said.append(
            f"it is in {a.split} and in {b.split}, so a model is tested on what it was trained or "
            "chosen on, and the result is too good"
        )
    if "patients" in crosses:
        said.append(
            f"it is given to {a.patient} and to {b.patient}, so the patient ids are wrong and a "
            "split by patient may still leak"
        )
    return "; ".join(said) or (
        "it counts twice, so intervals that take images for independent are too narrow; keep both "
        "on one side of any split"
    )
