"""What the reader sees of an input, and what it had to assume."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lungseg.io.grouping import Input
from lungseg.io.identity import IdentityPolicy, shown_identity
from lungseg.slice import Slice


@dataclass(frozen=True)
class Seen:
    """An input after all its slices were read.

    ``slices`` could be read, ``unreadable`` counts what could not; ``not_ct`` of the slices are
    refused by their header. ``height``, ``width``, ``spacing`` (row, column, mm), ``step`` (mm to
    the next slice), ``orientation`` and ``scale`` are those of the first slice of the file in the
    middle. ``messages``: each with the number of slices that it is said of, in the order of its
    first. ``identity``: as far as it may be shown.
    """

    path: str
    format: str
    files: int
    slices: int
    unreadable: int
    not_ct: int
    height: int | None
    width: int | None
    spacing: tuple[float, float] | None
    step: float | None
    orientation: str | None
    scale: str | None
    messages: dict[str, int]
    identity: dict[str, str]


def inspect_input(
    one: Input,
    found: Iterable[tuple[Slice | None, str]],
    policy: IdentityPolicy | None = None,
) -> Seen:
    """What is seen of an input whose slices are ``found``, or None and why there is none."""
    said: Counter[str] = Counter()
    unreadable = not_ct = 0
    middle = len(one.parts) // 2
    typical: Slice | None = None
    slices = 0
    for place, (slice_, error) in enumerate(found):
        if slice_ is None:
            unreadable += 1
            said[error] += 1
            continue
        slices += 1
        not_ct += bool(slice_.refusal)
        said.update(filter(None, (slice_.refusal, *slice_.messages)))
        if typical is None or place == middle:
            typical = slice_
    height, width = typical.shape if typical is not None else (None, None)
    return Seen(
        path=one.name,
        format=one.format,
        files=len(one.parts),
        slices=slices,
        unreadable=unreadable,
        not_ct=not_ct,
        height=height,
        width=width,
        spacing=typical.spacing if typical is not None else None,
        step=typical.step if typical is not None else None,
        orientation=typical.orientation if typical is not None else None,
        scale=typical.scale if typical is not None else None,
        messages=dict(said),
        identity=shown_identity(one.parts[0].file, policy or IdentityPolicy()),
    )
