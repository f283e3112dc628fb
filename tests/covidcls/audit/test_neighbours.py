"""The graph that serves large sets finds what comparing all with all finds."""

from __future__ import annotations

import numpy as np
import pytest

from covidcls.audit import neighbours
from covidcls.audit.neighbours import candidates
from covidcls.audit.traces import TraceStore


def random_store(n: int, copies: int) -> TraceStore:
    """``n`` unrelated pictures, each of the first ``copies`` with a copy of some other bits."""
    rng = np.random.default_rng(0)
    store = TraceStore(n + copies)
    store.upright[:n] = rng.integers(0, 256, store.upright[:n].shape, np.uint8)
    store.mirrored[:] = rng.integers(0, 256, store.mirrored.shape, np.uint8)
    flips = np.packbits(rng.random((copies, 3, 256)) < 0.2, axis=-1)
    store.upright[n:] = store.upright[:copies] ^ flips
    return store


@pytest.mark.parametrize("compared", [10**6, 0])
def test_only_near_hashes_are_candidates(monkeypatch: pytest.MonkeyPatch, compared: int) -> None:
    monkeypatch.setattr(neighbours, "_MOST_COMPARED", compared)
    monkeypatch.setattr(neighbours, "_AT_ONCE", 64)  # several rounds
    monkeypatch.setattr(neighbours, "_FARTHEST", 80)  # a few in a million random pairs are nearer
    found = candidates(random_store(300, 40), np.arange(340))
    assert found.tolist() == [[index, 300 + index, 0] for index in range(40)]


def test_pictures_that_are_left_out_are_no_candidates() -> None:
    store = random_store(30, 2)
    among = np.array([index for index in range(32) if index != 30])
    assert candidates(store, among).tolist() == [[1, 31, 0]]
    assert candidates(store, among[:1]).tolist() == []


def test_a_mirrored_picture_is_a_candidate_once() -> None:
    store = random_store(30, 0)
    store.mirrored[7] = store.upright[3]
    store.mirrored[3] = store.upright[7]
    assert candidates(store, np.arange(30)).tolist() == [[3, 7, 1]]
