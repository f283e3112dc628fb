"""One slice explained: where a classifier sees evidence for COVID-19, in its own log-odds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from covidcls.explanation.energy import energy_inside
from covidcls.explanation.occlusion import aerated, occlusion
from covidcls.explanation.placing import on_slice, seen_box, window
from lungseg.lung_mask import LungMask
from lungseg.regions import Box, lung_box
from lungseg.slice import Slice

if TYPE_CHECKING:
    from covidcls.classifier import CovidClassifier

Method = Literal["grad-cam", "occlusion"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True)
class Energy:
    """Where the evidence of one slice lies.

    ``evidence``: its mean over what stage 2 saw, in log-odds. ``energy_inside``: the share of it
    that lies inside the lungs, 0 to 1, None where there is none; ``lung_share``: the same by
    chance, which is the share of what was seen that is lung. ``box_energy_inside`` and
    ``box_lung_share``: both for the part in the box around the lungs, where the level of chance is
    the same for every region mode.
    """

    evidence: float
    energy_inside: float | None
    lung_share: float
    box_energy_inside: float | None
    box_lung_share: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """Positive evidence for COVID-19 on one slice.

    ``evidence``: float32 H x W in the geometry of the slice, at least 0, in log-odds of the
    calibrated probability, 0 outside of ``box``. Of ``grad-cam`` a value says how far the whole
    picture, if it looked like this place, would raise them; of ``occlusion`` how far they fall when
    the place is hidden. ``box``: what stage 2 saw, half-open pixels.
    """

    method: Method
    evidence: NDArray[np.float32]
    box: Box
    energy: Energy


def explain(
    classifier: CovidClassifier, one: Slice, lung_mask: LungMask, method: Method = "grad-cam"
) -> Explanation:
    """Explain the probability that ``classifier`` gives a slice with this lung mask, not empty.

    Raises UsageError for ``grad-cam`` of a network whose last feature map is not known, ValueError
    for another method and an empty mask.
    """
    mask = lung_mask.mask
    around = lung_box(mask)
    if around is None:
        raise ValueError("a slice without lung is not judged, so there is nothing to explain")
    view = classifier.see(one, lung_mask)
    box = seen_box(mask, classifier.region, classifier.margin)
    if method == "grad-cam":
        from covidcls.explanation.grad_cam import grad_cam_of  # it needs torch

        cells = grad_cam_of(classifier, view)
    elif method == "occlusion":
        cells = occlusion(classifier.logits, view, aerated(view, mask[window(box)]))
    else:
        raise ValueError(f"unknown method {method!r}; known are {', '.join(METHODS)}")
    evidence = on_slice(cells / classifier.temperature, box, one.shape)
    seen, lungs = window(box), window(around)
    energy = Energy(
        float(evidence[seen].mean()),
        energy_inside(evidence, mask),
        float(mask[seen].mean()),
        energy_inside(evidence[lungs], mask[lungs]),
        float(mask[lungs].mean()),
    )
    return Explanation(method, evidence, box, energy)
