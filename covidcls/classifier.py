"""Stage 2 in use: what it sees of a slice in, calibrated probability out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from covidcls.calibration import Calibration
from covidcls.fusion import Fusion, lesions_of
from covidcls.operating_point import band_of, thresholds_of
from covidcls.views.lungs import Lungs
from covidcls.views.view import View
from covidcls.zoo import architecture, create_classifier, logit_and_evidence
from lungseg.backends import Recipe, compile_network, torch_network
from lungseg.checkpoint import Checkpoint, load_checkpoint, resolve
from lungseg.errors import CheckpointError, UsageError
from lungseg.lung_mask import LungMask
from lungseg.regions import Region
from lungseg.slice import Slice
from lungseg.tensors import batch_of, normalise

if TYPE_CHECKING:
    from torch import nn


class CovidClassifier:
    """A stage-2 network with its card: the ``view`` that it was trained on, ``threshold`` of its
    calibrated probability, ``thresholds`` by what they aim at, and the ``band`` of probabilities
    that are no answer, ``(low, high)`` or None. ``device`` and ``backend``: see
    :func:`lungseg.backends.choose_backend`.
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "auto", backend: str = "auto") -> None:
        card = checkpoint.card
        self.name, self.sha256, self.card = checkpoint.name, checkpoint.sha256, card
        self.checkpoint = checkpoint
        try:
            self.entry = architecture(card["architecture"])
            self.size = int(card["input_size"])
            self.view = View.from_card(card)
            self.fusion = Fusion.from_card(card)
            self.threshold = float(card["threshold"])
            self.thresholds = thresholds_of(card)
            self.band = band_of(card)
            self.calibration = Calibration.from_card(card)
        except (AttributeError, KeyError, TypeError, ValueError, UsageError) as error:
            raise CheckpointError(
                f"the card {self.name}.json does not describe a classifier: {error}"
            ) from error
        self.compiled = compile_network(checkpoint, self.recipe, device, backend)
        self.device = self.compiled.device

    @property
    def recipe(self) -> Recipe:
        """The network that the card describes."""
        return Recipe(self._build, logit_and_evidence, ("logit", "evidence"))

    @cached_property
    def network(self) -> nn.Module:
        """The network with its weights in torch, whatever the backend, for those that look into
        it."""
        return torch_network(self.compiled, self.checkpoint, self.recipe)

    def _build(self) -> nn.Module:
        return create_classifier(self.card["architecture"])

    @classmethod
    def from_checkpoint(
        cls,
        name: str | Path | None = None,
        directory: Path | None = None,
        device: str = "auto",
        region: Region = "crop",
        backend: str = "auto",
    ) -> CovidClassifier:
        """Load by path or name; None is the default of ``directory`` for ``region``, and
        ``directory`` None the shipped folder."""
        path = resolve(name, directory, "classifier", region)
        return cls(load_checkpoint(path, "classifier"), device, backend)

    @property
    def region(self) -> Region:
        """What stage 2 sees of a slice."""
        return self.view.region

    @property
    def margin(self) -> int:
        """By how many pixels each side of the box is moved inwards."""
        return self.view.margin

    def see(self, one: Slice, lung_mask: LungMask) -> NDArray[np.float32]:
        """What stage 2 sees of a slice, float32 in [0, 1]; see :meth:`View.see`."""
        return self.view.see(one.pixels, Lungs.of(lung_mask))

    def logits(
        self, views: Sequence[NDArray[np.float32]], batch_size: int = 16
    ) -> NDArray[np.float64]:
        """Uncalibrated logits N of the network, of views h x w (x 3) in [0, 1] of any sizes."""
        return self.scores(views, batch_size)[0]

    def scores(
        self, views: Sequence[NDArray[np.float32]], batch_size: int = 16
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The :meth:`logits`, and where they come from: maps N x h x w over the views, coarse, of
        which each logit is the mean (see :func:`covidcls.zoo.logit_and_evidence`)."""
        logits, maps = [np.empty(0)], []
        views = [self.view.given(view) for view in views]
        for start in range(0, len(views), batch_size):
            batch = batch_of(views[start : start + batch_size], self.size)
            logit, evidence = self.compiled(normalise(batch, self.entry.mean, self.entry.std))
            logits.append(logit.astype(np.float64))
            maps.append(evidence.astype(np.float64))
        return np.concatenate(logits), np.concatenate(maps) if maps else np.empty((0, 0, 0))

    def predict(
        self, pictures: Sequence[NDArray[np.float32]], batch_size: int = 16
    ) -> NDArray[np.float64]:
        """Calibrated probability of COVID-19, N values in [0, 1], of what :meth:`see` gives."""
        return self.explained(pictures, batch_size)[0]

    def explained(
        self, pictures: Sequence[NDArray[np.float32]], batch_size: int = 16
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What :meth:`predict` says, and the maps of :meth:`scores` in log-odds of it: what these
        would be if the whole picture looked like the place, but for what is added to all places
        alike (the intercept of the calibration, and what a fusion adds to the network)."""
        logits, maps = self.scores(pictures, batch_size)
        if self.fusion is not None:
            logits = self.fusion.logits(logits, lesions_of(pictures, self.size))
        return self.calibration.probabilities(logits), maps * self.logit_weight

    @property
    def logit_weight(self) -> float:
        """What the network's logit counts in the log-odds of the probability."""
        weight = 1.0 if self.fusion is None else self.fusion.weights[0]
        return weight * self.calibration.slope
