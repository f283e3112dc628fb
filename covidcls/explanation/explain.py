"""One slice explained: where a classifier sees evidence for COVID-19, in its own log-odds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from covidcls.explanation.energy import energy_inside
from covidcls.explanation.occlusion import occlusion_of
from covidcls.explanation.placing import on_slice, seen_box, window
from covidcls.views.seen import Seen
from lungseg.lung_mask import LungMask
from lungseg.regions import Box, content_seed, lung_box
from lungseg.slice import Slice

if TYPE_CHECKING:
    from covidcls.classifier import CovidClassifier

Method = Literal["cam", "grad-cam", "occlusion"]
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
    calibrated probability, 0 outside of ``box``. Of ``cam`` a value says what these would be if the
    whole picture looked like this place, but for the intercept of the calibration; ``grad-cam`` is
    without the bias of the last layer, too; of ``occlusion`` how far they fall when the place is
    hidden from the network. What a fusion adds for the lesions lies where these are in ``cam`` and
    ``grad-cam`` (:meth:`covidcls.fusion.Fusion.evidence`), and is not in ``occlusion``. ``box``:
    what stage 2 saw, half-open pixels.
    """

    method: Method
    evidence: NDArray[np.float32]
    box: Box
    energy: Energy


def check_explainable(classifier: CovidClassifier, methods: Sequence[Method]) -> None:
    """Raise UsageError where ``grad-cam`` is asked for, and torch is not installed or the network
    has no last feature map that it knows."""
    if "grad-cam" in methods:
        network = classifier.network
        from covidcls.explanation.grad_cam import pooling_of  # it needs torch

        pooling_of(network)


def explain(
    classifier: CovidClassifier, one: Slice, lung_mask: LungMask, method: Method = "cam"
) -> Explanation:
    """Explain the probability that ``classifier`` gives a slice with this lung mask, not empty.

    ``cam`` (Zhou et al. 2016) and ``occlusion`` run on every backend, ``grad-cam`` in torch; for
    networks with average pooling and a linear head it is ``cam`` up to a constant.

    Raises UsageError as :func:`check_explainable` does, ValueError for another method and an empty
    mask.
    """
    mask = lung_mask.mask
    around = lung_box(mask)
    if around is None:
        raise ValueError("a slice without lung is not judged, so there is nothing to explain")
    box = seen_box(mask, classifier.region, classifier.margin, content_seed(one.pixels))
    cells = _cells(classifier, classifier.see(one, lung_mask), mask[window(box)], method)
    evidence = on_slice(cells, box, one.shape)
    seen, lungs = window(box), window(around)
    energy = Energy(
        float(evidence[seen].mean()),
        energy_inside(evidence, mask),
        float(mask[seen].mean()),
        energy_inside(evidence[lungs], mask[lungs]),
        float(mask[lungs].mean()),
    )
    return Explanation(method, evidence, box, energy)


def _cells(
    classifier: CovidClassifier,
    seen: Seen,
    lung: NDArray[np.bool_],
    method: Method,
) -> NDArray[np.float64]:
    """The map of what was seen, in log-odds of the calibrated probability."""
    if method == "occlusion":
        return occlusion_of(classifier, seen, lung)
    if method == "cam":
        return classifier.explained([seen])[1][0]
    if method == "grad-cam":
        from covidcls.explanation.grad_cam import grad_cam_of  # it needs torch

        return classifier.evidence(grad_cam_of(classifier, seen), seen)
    raise ValueError(f"unknown method {method!r}; known are {', '.join(METHODS)}")
