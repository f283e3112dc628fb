"""Stage 2 in use: what it sees of a slice in, calibrated probability out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from covidcls.calibration import calibrated
from covidcls.operating_point import band_of, thresholds_of
from covidcls.views.lungs import Lungs
from covidcls.views.view import View
from covidcls.zoo import architecture, create_classifier
from lungseg.checkpoint import Checkpoint, load_checkpoint, load_weights, resolve
from lungseg.errors import CheckpointError, UsageError
from lungseg.lung_mask import LungMask
from lungseg.regions import Region
from lungseg.slice import Slice
from lungseg.tensors import choose_device, normalise, stack


class CovidClassifier:
    """A stage-2 network with its card: the ``view`` that it was trained on, ``threshold`` of its
    calibrated probability, ``thresholds`` by what they aim at, and the ``band`` of probabilities
    that are no answer, ``(low, high)`` or None.
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "auto") -> None:
        card = checkpoint.card
        self.name, self.sha256, self.card = checkpoint.name, checkpoint.sha256, card
        self.device = choose_device(device)
        try:
            self.entry = architecture(card["architecture"])
            self.size = int(card["input_size"])
            self.view = View.from_card(card)
            self.threshold = float(card["threshold"])
            self.thresholds = thresholds_of(card)
            self.band = band_of(card)
            self.temperature = float(card["temperature"])
        except (AttributeError, KeyError, TypeError, ValueError, UsageError) as error:
            raise CheckpointError(
                f"the card {self.name}.json does not describe a classifier: {error}"
            ) from error
        network = create_classifier(card["architecture"])
        load_weights(network, checkpoint)
        self.network = network.eval().to(self.device).to(memory_format=torch.channels_last)

    @classmethod
    def from_checkpoint(
        cls,
        name: str | Path | None = None,
        directory: Path | None = None,
        device: str = "auto",
        region: Region = "crop",
    ) -> CovidClassifier:
        """Load by path or name; None is the default of ``directory`` for ``region``, and
        ``directory`` None the shipped folder."""
        path = resolve(name, directory, "classifier", region)
        return cls(load_checkpoint(path, "classifier"), device)

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
        found: list[NDArray[np.float64]] = [np.empty(0)]
        views = [self.view.given(view) for view in views]
        for start in range(0, len(views), batch_size):
            batch = stack(views[start : start + batch_size], self.size).to(self.device)
            with torch.inference_mode():
                pictures = normalise(batch, self.entry.mean, self.entry.std)
                output = self.network(pictures.contiguous(memory_format=torch.channels_last))
            found.append(output.squeeze(1).double().cpu().numpy())
        return np.concatenate(found)

    def predict(
        self, pictures: Sequence[NDArray[np.float32]], batch_size: int = 16
    ) -> NDArray[np.float64]:
        """Calibrated probability of COVID-19, N values in [0, 1], of what :meth:`see` gives."""
        return calibrated(self.logits(pictures, batch_size), self.temperature)
