"""Which pictures are worth a closer look: the nearest by perceptual hash, from an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.traces import HASH_BITS, N_VIEWS, TraceStore

if TYPE_CHECKING:
    import faiss

# A picture and its views are searched among all views of all others; so many of them are asked
# for, and of the pictures that they belong to so many are looked at.
_NEAREST_VIEWS = 24
NEAREST_PICTURES = 8
# Bits of HASH_BITS; unrelated pictures differ in half of them. Copies that were planted (scaled,
# mirrored, cropped, with arrows, other tones) differed in at most 87.
_FARTHEST = 96
# Up to here all views are compared with all (seconds); above, a graph is searched.
_MOST_COMPARED = 50_000
_AT_ONCE = 4096  # pictures whose neighbours are sorted together
_GRAPH_LINKS = 32
_GRAPH_BREADTH = 64


def candidates(store: TraceStore, among: NDArray[np.intp]) -> NDArray[np.intp]:
    """The pairs of pictures, of those with an index in ``among``, that may be copies.

    Rows (a, b, mirrored), in order, a < b: ``mirrored`` is 1 where they are alike when one is
    mirrored. Of each picture the NEAREST_PICTURES others within _FARTHEST bits.
    """
    if len(among) < 2:
        return np.empty((0, 3), np.intp)
    index = _index(store.upright[among].reshape(-1, HASH_BITS // 8))
    found = []
    for start in range(0, len(among), _AT_ONCE):
        rows = np.arange(start, min(start + _AT_ONCE, len(among)))
        near = np.concatenate(
            [
                _search(index, store.upright[among[rows]], rows, 0),
                _search(index, store.mirrored[among[rows]], rows, 1),
            ]
        )
        found.append(_nearest_of_each(near))
    pairs = np.concatenate(found)
    a, b = among[pairs[:, 0]], among[pairs[:, 1]]
    return np.unique(np.stack([np.minimum(a, b), np.maximum(a, b), pairs[:, 2]], axis=1), axis=0)


def _search(
    index: faiss.IndexBinary, hashes: NDArray[np.uint8], rows: NDArray[np.intp], mirrored: int
) -> NDArray[np.intp]:
    """(picture, its neighbour, mirrored, bits) for all near views of the pictures ``rows``."""
    queries = hashes.reshape(-1, HASH_BITS // 8)
    bits, views = index.search(queries, min(_NEAREST_VIEWS, index.ntotal))
    of = np.repeat(np.repeat(rows, N_VIEWS), views.shape[1])
    neighbour = views.ravel() // N_VIEWS  # -1, where a graph found fewer, stays -1
    near = np.stack([of, neighbour, np.full_like(of, mirrored), bits.ravel()], axis=1)
    return near[(of != neighbour) & (neighbour >= 0) & (bits.ravel() <= _FARTHEST)]


def _nearest_of_each(near: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of each picture its nearest (picture, neighbour, mirrored), each once."""
    near = near[np.lexsort((near[:, 3], near[:, 2], near[:, 1], near[:, 0]))]
    same_as_before = (near[1:, :3] == near[:-1, :3]).all(axis=1)
    near = near[~np.concatenate([[False], same_as_before])[: len(near)]]
    near = near[np.lexsort((near[:, 2], near[:, 1], near[:, 3], near[:, 0]))]
    _, first = np.unique(near[:, 0], return_index=True)
    rank = np.arange(len(near)) - np.repeat(first, np.diff([*first, len(near)]))
    return near[rank < NEAREST_PICTURES, :3]


def _index(views: NDArray[np.uint8]) -> faiss.IndexBinary:
    import faiss

    if len(views) <= _MOST_COMPARED:
        exact = faiss.IndexBinaryFlat(HASH_BITS)
        exact.add(views)
        return exact
    graph = faiss.IndexBinaryHNSW(HASH_BITS, _GRAPH_LINKS)
    graph.hnsw.efSearch = _GRAPH_BREADTH
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # a graph that threads build differs from run to run
    graph.add(views)
    faiss.omp_set_num_threads(threads)
    return graph
