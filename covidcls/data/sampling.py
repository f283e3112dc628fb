"""How often each training picture is drawn, when sources and patients are to count alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from covidcls.data.pictures import LabelledPicture


def balanced_weights(pictures: Sequence[LabelledPicture]) -> list[float]:
    """The chance of each picture, together 1.

    Every source and label of it is drawn as often as any other, so that neither source nor its
    share of COVID-19 tells the label; within them every patient (paper, file) as often as any
    other, so that a scanner or a figure of many slices is not learnt by heart.
    """
    cells = [(picture.source, picture.label) for picture in pictures]
    units = [(*cell, one.patient) for cell, one in zip(cells, pictures, strict=True)]
    units_of, pictures_of = Counter(unit[:2] for unit in set(units)), Counter(units)
    return [
        1 / (len(units_of) * units_of[cell] * pictures_of[unit])
        for cell, unit in zip(cells, units, strict=True)
    ]


def alike(sources: Sequence[str]) -> list[float]:
    """Weights of pictures, by the name of the source of each: every source counts as much as any
    other, and pictures of one alike."""
    counts = Counter(sources)
    return [1 / counts[source] for source in sources]
