"""Stage 2 in use: what it sees of a slice in, calibrated probability out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from covidcls.calibration import Calibration
from covidcls.fusion import Fusion
from covidcls.operating_point import band_of, thresholds_of
from covidcls.views.lungs import Lungs
from covidcls.views.seen import Seen, lesions_in
from covidcls.views.view import View
from covidcls.zoo import architecture, create_classifier, logit_and_evidence
from lungseg.backends import Recipe, compile_network, torch_network
from lungseg.checkpoint import Checkpoint, load_checkpoint, resolve
from lungseg.lung_mask import LungMask
from lungseg.regions import Region
from lungseg.slice import Slice
from lungseg.tensors import batch_of, check_batch_size, normalise

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
        with checkpoint.describing("classifier"):
            self.entry = architecture(card["architecture"])
            self.size = int(card["input_size"])
            self.view = View.from_card(card)
            self.fusion = Fusion.from_card(card)
            self.threshold = float(card["threshold"])
            self.thresholds = thresholds_of(card)
            self.band = band_of(card)
            self.calibration = Calibration.from_card(card)
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

    @property
    def learned_validation(self) -> bool:
        """Whether it learned from slices that its data call validation: in a fold, or all."""
        data = self.card.get("training", {}).get("recipe", {}).get("data", {})
        return bool(data.get("everything")) or data.get("fold") is not None

    def see(self, one: Slice, lung_mask: LungMask) -> Seen:
        """What stage 2 is given of a slice; see :meth:`View.see`."""
        return self.view.see(one.pixels, Lungs.of(lung_mask))

    def logits(self, seen: Sequence[Seen], batch_size: int = 16) -> NDArray[np.float64]:
        """Uncalibrated logits N of the network alone, of what :meth:`see` gives."""
        return self.scores(seen, batch_size)[0]

    def scores(
        self, seen: Sequence[Seen], batch_size: int = 16
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The :meth:`logits`, and where they come from: maps N x h x w over the pictures, coarse,
        of which each logit is the mean (see :func:`covidcls.zoo.logit_and_evidence`).

        Raises UsageError for a batch of less than one picture.
        """
        check_batch_size(batch_size)
        logits, maps = [np.empty(0)], []
        pictures = [one.picture for one in seen]
        for start in range(0, len(pictures), batch_size):
            batch = batch_of(pictures[start : start + batch_size], self.size)
            logit, evidence = self.compiled(normalise(batch, self.entry.mean, self.entry.std))
            logits.append(logit.astype(np.float64))
            maps.append(evidence.astype(np.float64))
        return np.concatenate(logits), np.concatenate(maps) if maps else np.empty((0, 0, 0))

    def predict(self, seen: Sequence[Seen], batch_size: int = 16) -> NDArray[np.float64]:
        """Calibrated probability of COVID-19, N values in [0, 1], of what :meth:`see` gives."""
        return self.explained(seen, batch_size)[0]

    def explained(
        self, seen: Sequence[Seen], batch_size: int = 16
    ) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
        """What :meth:`predict` says, and of each the :meth:`evidence`."""
        logits, maps = self.scores(seen, batch_size)
        if self.fusion is not None:
            logits = self.fusion.logits(logits, [one.findings for one in lesions_in(seen)])
        found = [self.evidence(*pair) for pair in zip(maps, seen, strict=True)]
        return self.calibration.probabilities(logits), found

    def evidence(self, network: NDArray[np.float64], seen: Seen) -> NDArray[np.float64]:
        """Where the log-odds of the probability come from, a map over the picture whose mean they
        are but for what is added to all slices alike. ``network``: that of its logit, of
        :meth:`scores`. With a fusion, see :meth:`covidcls.fusion.Fusion.evidence`.
        """
        if self.fusion is None:
            return network * self.calibration.slope
        [lesions] = lesions_in([seen])
        return self.fusion.evidence(network, lesions) * self.calibration.slope
