"""Slices in their order along the body, and what is wrong with their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lungseg.io.planes import Directions, normal_of, parallel

SAME_PLACE = 0.01  # mm; positions are written with three to six digits
GAP = 1.5  # times the usual step: half a step is no rounding, but a slice that is not there
UNEVEN = 0.1  # share of the usual step
ASIDE = 1.0  # mm; less is how headers round, and moves no lung


@dataclass(frozen=True)
class Place:
    """What the header of one slice says of where it lies.

    ``position``: of its first pixel, mm in LPS. ``number``: DICOM's InstanceNumber, or the place of
    a frame in its file. ``step``: mm to the next slice, as the header says it. ``name``: of its
    file, for messages.
    """

    directions: Directions | None
    position: tuple[float, float, float] | None
    number: int | None = None
    step: float | None = None
    name: str = ""


@dataclass(frozen=True)
class Stack:
    """``order``: indices of the places, the lowest first. ``notes``: of each place in that order,
    what a person must know. ``sharing``: of each, how many slices lie in its place. ``step``: the
    usual distance of two slices in mm, or None."""

    order: tuple[int, ...]
    notes: tuple[tuple[str, ...], ...]
    sharing: tuple[int, ...]
    step: float | None = None


def stack(places: Sequence[Place]) -> Stack:
    """Sort slices of one orientation by their position along the normal.

    Slices that are missing, lie in one place, beside the line of the others, unevenly or at other
    distances than their header says are told in notes. Without positions the order is that of their
    numbers.
    """
    heights = _heights(places)
    if heights is None:
        unknown = len(places)
        order = sorted(
            range(unknown), key=lambda i: (places[i].number is None, places[i].number or 0, i)
        )
        said = ("its header gives no position: in the order of the numbers in the headers",)
        return Stack(tuple(order), (said if unknown > 1 else (),) * unknown, (1,) * unknown)
    order = sorted(range(len(places)), key=lambda i: (heights[i], places[i].number or 0, i))
    steps = np.diff([heights[i] for i in order])
    apart = steps[steps > SAME_PLACE]
    step = float(np.median(apart)) if apart.size else None
    everywhere = () if step is None else _uneven(apart, step) + _unlike_header(places, step)
    notes = [list(everywhere) for _ in order]
    for lower, aside in enumerate(_aside(places, order, steps)):
        if aside > ASIDE:
            notes[lower].append(f"the next slice lies {aside:.4g} mm beside the line of the others")
    for lower, distance in enumerate(steps):
        if distance <= SAME_PLACE:
            notes[lower].append(_twice(places[order[lower + 1]]))
            notes[lower + 1].append(_twice(places[order[lower]]))
        elif step is not None and distance > GAP * step:
            notes[lower].append(
                f"slices are missing: the next one lies {distance:.4g} mm above, usual are "
                f"{step:.4g} mm"
            )
    return Stack(tuple(order), tuple(map(tuple, notes)), _sharing(steps), step)


@dataclass(frozen=True)
class Stacked:
    """A slice in its order: ``index`` of its place, and what its ``Stack`` says of it."""

    index: int
    notes: tuple[str, ...]
    sharing: int
    step: float | None


def stack_each(places: Sequence[Place]) -> list[Stacked]:
    """Slices of any orientations, each sorted among its own; the orientation of the first place
    comes first. A coronal scout does not lie in the place of an axial slice."""
    groups: list[list[int]] = []
    for index, place in enumerate(places):
        alike = (one for one in groups if parallel(places[one[0]].directions, place.directions))
        group = next(alike, None)
        if group is None:
            groups.append([index])
        else:
            group.append(index)
    ordered = []
    for group in groups:
        found = stack([places[index] for index in group])
        rows = zip(found.order, found.notes, found.sharing, strict=True)
        ordered += [
            Stacked(group[index], notes, sharing, found.step) for index, notes, sharing in rows
        ]
    return ordered


def with_notes(found: Stack, said: tuple[str, ...]) -> Stack:
    """``found`` with ``said`` before the notes of every place."""
    return replace(found, notes=tuple((*said, *notes) for notes in found.notes))


def _heights(places: Sequence[Place]) -> list[float] | None:
    """Millimetres along the normal of the first place; None where one of them is not known."""
    first = places[0].directions
    if first is None:
        return None
    normal = normal_of(first)
    heights = []
    for place in places:
        if place.position is None:
            return None
        heights.append(float(normal @ np.array(place.position)))
    return heights


def _aside(
    places: Sequence[Place], order: Sequence[int], steps: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far each next slice lies from where the line through the slices goes on, in mm; the line
    of a tilted gantry leans. ``steps``: see ``_sharing``."""
    positions = np.array([places[index].position for index in order], np.float64)
    moved, apart = np.diff(positions, axis=0), steps > SAME_PLACE
    if not apart.any():
        return np.linalg.norm(moved, axis=1)
    line = np.median(moved[apart] / steps[apart, None], axis=0)
    return np.linalg.norm(moved - steps[:, None] * line, axis=1)


def _sharing(steps: NDArray[np.float64]) -> tuple[int, ...]:
    """How many slices lie where each one does; ``steps``: from each to the next, mm."""
    place = np.concatenate([[0], np.cumsum(steps > SAME_PLACE)])
    return tuple(int(count) for count in np.bincount(place)[place])


def _uneven(apart: NDArray[np.float64], step: float) -> tuple[str, ...]:
    usual = apart[apart <= GAP * step]
    if not usual.size or usual.max() - usual.min() <= UNEVEN * step:
        return ()
    return (f"slices lie {usual.min():.4g} to {usual.max():.4g} mm apart, expected one distance",)


def _unlike_header(places: Sequence[Place], step: float) -> tuple[str, ...]:
    said = {place.step for place in places if place.step is not None}
    wrong = sorted(value for value in said if abs(abs(value) - step) > UNEVEN * step)
    if not wrong:
        return ()
    return (f"slices lie {step:.4g} mm apart, though the header says {wrong[0]:.4g} mm",)


def _twice(other: Place) -> str:
    return f"lies in the same place as {other.name or 'another slice'}"
