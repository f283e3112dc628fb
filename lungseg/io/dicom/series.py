"""Which DICOM files are one series, in which order, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TypeAlias

from lungseg.io.dicom.header import Header
from lungseg.io.planes import parallel
from lungseg.io.stack import stack, with_notes

Key: TypeAlias = tuple[object, ...]

NAMED = 3  # other parts of a mixed series that are told one by one


@dataclass(frozen=True)
class Named:
    """A file by its name (POSIX, below the folder that was given) and its header. ``archive``: what
    it is in; a series never spans two, for one is often a copy of the other."""

    name: str
    header: Header
    archive: str = ""


@dataclass(frozen=True)
class Series:
    """Files in the order of their slices, the lowest first, with what must be known of each.

    ``sharing``: how many of them lie in the place of each. ``step``: the usual distance of two
    slices in mm, None where it is not known.
    """

    names: tuple[str, ...]
    notes: tuple[tuple[str, ...], ...]
    sharing: tuple[int, ...]
    step: float | None


def group_series(files: Iterable[Named]) -> list[Series]:
    """Series by SeriesInstanceUID, orientation and matrix, in the order of their first files.

    Patients and studies are never mixed, even where anonymisation gave them one UID; a study of one
    file is none, for some writers give every file its own. What has no UID belongs to those in its
    folder. Scouts, files without a position and files of many frames are never mixed with slices.
    """
    groups: list[list[Named]] = []
    alike: dict[Key, list[list[Named]]] = {}
    for file in _of_studies(files):
        known = alike.setdefault(_key(file), [])
        group = next((one for one in known if _parallel(one[0], file)), None)
        if group is None:
            group = []
            known.append(group)
            groups.append(group)
        group.append(file)
    parts: dict[str, list[list[Named]]] = {}
    for group in groups:
        parts.setdefault(_uid(group[0]), []).append(group)
    return [
        _series(group, [other for other in parts[_uid(group[0])] if other is not group])
        for group in groups
    ]


def _of_studies(files: Iterable[Named]) -> list[Named]:
    """``files``, without the study of those that are alone of their series in it."""
    given = list(files)
    held = Counter((_uid(file), _owner(file)) for file in given)
    return [
        file
        if held[_uid(file), _owner(file)] > 1
        else replace(file, header=replace(file.header, study=""))
        for file in given
    ]


def _owner(file: Named) -> tuple[str, str]:
    return file.header.patient, file.header.study


def _uid(file: Named) -> str:
    series = file.header.series or f"in {PurePosixPath(file.name).parent}"
    return f"{file.archive}:{series}"


def _parallel(one: Named, other: Named) -> bool:
    """Whether two files of one key have the same orientation."""
    first, second = (file.header.frames[0].place.directions for file in (one, other))
    return parallel(first, second)


def _key(file: Named) -> Key:
    header = file.header
    first = header.frames[0]
    alone = file.name if len(header.frames) > 1 else None
    placed = first.place.position is not None
    return (_uid(file), _owner(file), header.rows, header.columns, first.refusal, placed, alone)


def _series(group: list[Named], others: list[list[Named]]) -> Series:
    frames = [file.header.frames[0] for file in group]
    if frames[0].refusal:
        alone = (1,) * len(group)
        return Series(tuple(file.name for file in group), ((),) * len(group), alone, None)
    places = [replace(file.header.frames[0].place, name=file.name) for file in group]
    found = stack(places)
    said: list[str] = []
    if len(group) > 1 and not group[0].header.series:
        said.append("its header names no series: taken with the files of its folder")
    said += _mixed(group[0], others)
    if len({frame.spacing for frame in frames}) > 1:
        said.append("the pixel spacing changes within the series")
    if len({frame.rescale for frame in frames}) > 1:
        said.append("slope or intercept change within the series")
    found = with_notes(found, tuple(said))
    names = tuple(group[i].name for i in found.order)
    return Series(names, found.notes, found.sharing, found.step)


def _mixed(file: Named, others: list[list[Named]]) -> list[str]:
    """What must be known of the other groups with the SeriesInstanceUID of ``file``."""
    others = [other for other in others if other[0].header.series and other[0].header.rows]
    own = [other for other in others if _owner(other[0]) == _owner(file)]
    foreign = [other for other in others if _owner(other[0]) != _owner(file)]
    said = []
    if own:
        said.append(
            "a mixed series: files of another orientation, matrix or kind are inputs of their own "
            f"({_told(own)})"
        )
    if foreign:
        said.append(
            "files of other patients or studies have the same SeriesInstanceUID: inputs of their "
            f"own ({_told(foreign)})"
        )
    return said


def _told(groups: list[list[Named]]) -> str:
    """How many files the first ``groups`` have, and the name of one of each."""
    parts = [f"{len(group)} with {group[0].name}" for group in groups[:NAMED]]
    more = f" and {len(groups) - NAMED} more" if len(groups) > NAMED else ""
    return ", ".join(parts) + more
