"""Which images are independent of each other, when copies tie patients and papers together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from covidcls.audit.copies import CopyGroup
from covidcls.audit.inventory import LabelledImage


def independent_units(images: Sequence[LabelledImage], groups: Iterable[CopyGroup]) -> list[str]:
    """The unit of every image, those of one group of copies merged, by chains.

    A merged unit has the name of its first in alphabetical order, so it depends on no order of
    files or groups.
    """
    from scipy.cluster.hierarchy import DisjointSet

    joined = DisjointSet(image.unit for image in images)
    for group in groups:
        first = group.images[0].unit
        for image in group.images:
            joined.add(image.unit)  # a copy may be of an image that is not among these
            joined.merge(first, image.unit)
    name_of = {unit: min(units) for units in joined.subsets() for unit in units}
    return [name_of[image.unit] for image in images]
