"""Which images are independent of each other, when copies, and persons with two ids, tie patients
and papers together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from covidcls.audit.inventory import LabelledImage


class Tie(Protocol):
    """What makes one unit of several: a ``CopyGroup``, or a ``Person``."""

    @property
    def images(self) -> tuple[LabelledImage, ...]:
        """Those that belong together."""


def independent_units(images: Sequence[LabelledImage], ties: Iterable[Tie]) -> list[str]:
    """The unit of every image, those that ``ties`` hold together merged, by chains.

    A merged unit has the name of its first in alphabetical order, so it depends on no order of
    files or ties.
    """
    from scipy.cluster.hierarchy import DisjointSet

    joined = DisjointSet(image.unit for image in images)
    for tie in ties:
        first = tie.images[0].unit
        for image in tie.images:
            joined.add(image.unit)  # a copy may be of an image that is not among these
            joined.merge(first, image.unit)
    name_of = {unit: min(units) for units in joined.subsets() for unit in units}
    return [name_of[image.unit] for image in images]
