"""A split that leaks is refused before anyone trains on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from covidcls.audit.inventory import LabelledImage
from covidcls.audit.units import Tie, independent_units
from lungseg.errors import UsageError


def refuse_leaks(images: Sequence[LabelledImage], ties: Iterable[Tie] = ()) -> None:
    """Raise UsageError, naming the worst, where a patient, paper or picture is in two splits.

    Images that no split names are on no side. ``ties``: copies, and persons under two ids, where
    they are known.
    """
    of: dict[str, list[LabelledImage]] = {}
    for image, unit in zip(images, independent_units(images, ties), strict=True):
        if image.split is not None:
            of.setdefault(unit, []).append(image)
    leaking = {
        unit: group for unit, group in of.items() if len({image.split for image in group}) > 1
    }
    if not leaking:
        return
    worst = min(leaking, key=lambda unit: (-_on_the_other_side(leaking[unit]), unit))
    others = len(leaking) - 1
    also = f", and so have {others} more patients, papers or copies" if others else ""
    raise UsageError(
        f"the split leaks: {_named(worst, leaking[worst])}{also}; keep each on one side, as "
        "covidcls.audit.splits.build_split does"
    )


def _on_the_other_side(group: Sequence[LabelledImage]) -> int:
    """How many images would have to move for the unit to stand in one split."""
    return len(group) - max(Counter(image.split for image in group).values())


def _named(unit: str, group: Sequence[LabelledImage]) -> str:
    counts = Counter(image.split for image in group)
    places = " and ".join(f"{n} in {split}" for split, n in sorted(counts.items(), key=str))
    sides = sorted({image.split: image.path for image in reversed(group)}.items(), key=str)
    (first, a), (second, b), *_ = sides
    tied = "" if len({image.unit for image in group}) == 1 else " with its copies or other ids"
    return (
        f"{unit.replace(':', ' ', 1)}{tied} has images on both sides, {places}, such as {a} "
        f"({first}) and {b} ({second})"
    )
