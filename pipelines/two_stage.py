"""Both stages as one callable: slice in, lung mask, box and probability out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from covidcls.operating_point import DEFAULT_AIM, place
from lungseg.backends import description
from lungseg.checkpoint import DEFAULTS
from lungseg.errors import CheckpointError, UsageError
from lungseg.flags import describe
from lungseg.inversion import masks_either_way
from lungseg.io import as_slices
from lungseg.io.arrays import ImageLike
from lungseg.lung_mask import LungMask
from lungseg.regions import Box, Region, content_seed, lung_box, shrink_box
from lungseg.slice import Slice
from lungseg.tensors import check_batch_size
from pipelines.guard import Refusal, refuse_mask, refuse_picture
from pipelines.prediction import Prediction
from pipelines.text import in_one

if TYPE_CHECKING:
    from covidcls.classifier import CovidClassifier
    from lungseg.segmenter import LungSegmenter

PROBABILITY_DIGITS = 6  # as printed, so that a printed row never contradicts its label


class TwoStagePipeline:
    """Lung segmentation, a guard, then classification of what ``region`` leaves of the slice.

    A research tool, not a medical device. The probability is calibrated on the validation data
    that the classifier's card names; on another hospital's slices it is a guess.

    >>> pipeline = TwoStagePipeline.from_checkpoints()  # doctest: +SKIP
    >>> pipeline("slice.png").probability               # doctest: +SKIP
    0.83
    """

    def __init__(
        self,
        segmenter: LungSegmenter,
        classifier: CovidClassifier,
        threshold: float | None = None,
        operating_point: str = DEFAULT_AIM,
    ) -> None:
        """A ``threshold`` given here goes before that of the ``operating_point``.

        Raises UsageError for a ``threshold`` outside 0 to 1, and an ``operating_point`` that the
        classifier's card does not have; CheckpointError for a fusion with another stage 1's
        findings.
        """
        if threshold is None and operating_point not in classifier.thresholds:
            raise UsageError(
                f"the card of {classifier.name} has no operating point {operating_point!r}; it "
                f"has {', '.join(classifier.thresholds)}, and --threshold takes any probability"
            )
        chosen = classifier.thresholds[operating_point] if threshold is None else threshold
        if not 0 <= chosen <= 1:
            raise UsageError(f"threshold {chosen} is not a probability: choose one from 0 to 1")
        learned_with = classifier.card.get("segmenter", {}).get("sha256")
        if classifier.fusion is not None and learned_with != segmenter.sha256:
            raise CheckpointError(
                f"{classifier.name} judges what its own stage 1 sees in the lesions, and "
                f"{segmenter.name} is another; take that one, or train stage 2 with this one"
            )
        self.operating_point = operating_point if threshold is None else "given"
        self.segmenter = segmenter
        self.classifier = classifier
        self.threshold = round(float(chosen), PROBABILITY_DIGITS)
        self.min_chest_ct = segmenter.min_chest_ct

    @classmethod
    def from_checkpoints(
        cls,
        directory: str | PathLike[str] | None = None,
        region: Region = "crop",
        device: str = "auto",
        threshold: float | None = None,
        operating_point: str = DEFAULT_AIM,
        backend: str = "auto",
    ) -> TwoStagePipeline:
        """Load the networks that ``defaults.json`` of ``directory`` (None: the shipped one) names.

        ``region`` picks the classifier that was trained on it. ``device`` is ``auto``, ``cpu`` or
        ``cuda``, ``backend`` as :func:`lungseg.backends.choose_backend` takes it. Raises
        CheckpointError for missing or damaged weights, UsageError for the rest.
        """
        from covidcls.classifier import CovidClassifier
        from lungseg.segmenter import LungSegmenter
        from pipelines.weights import chosen_weights

        weights = chosen_weights(None if directory is None else Path(directory), region)
        segmenter = LungSegmenter.from_checkpoint(weights.segmenter, device=device, backend=backend)
        classifier = CovidClassifier.from_checkpoint(
            weights.classifier, device=device, backend=backend
        )
        if classifier.region != region:
            raise CheckpointError(
                f"{DEFAULTS} names {classifier.name} for region {region!r}, but its card says that "
                f"it was trained on {classifier.region!r}; correct {DEFAULTS}"
            )
        return cls(segmenter, classifier, threshold, operating_point)

    @property
    def region(self) -> Region:
        """What stage 2 sees of a slice."""
        return self.classifier.region

    @property
    def backend(self) -> dict[str, str]:
        """What each stage runs on, such as ``openvino float32``."""
        return {
            "segmenter": description(self.segmenter.compiled),
            "classifier": description(self.classifier.compiled),
        }

    def __call__(self, image: ImageLike, batch_size: int = 16) -> Prediction | list[Prediction]:
        """Predict one image, or a list of them, ``batch_size`` slices at a time.

        An array (uint8 is 0 to 255, float 0 to 1, signed integers are HU), a Slice or a file with
        one slice gives one Prediction; a file with several pages, or a list, gives a list with
        one Prediction a slice, in order. Raises UnreadableError for a file that cannot be decoded,
        ValueError or TypeError for an array or object that is no slice.
        """
        predictions = self.predict(as_slices(image), batch_size)
        if isinstance(image, (list, tuple)) or len(predictions) != 1:
            return predictions
        return predictions[0]

    def predict(self, slices: Sequence[Slice], batch_size: int = 16) -> list[Prediction]:
        """One Prediction a slice, in order; ``batch_size`` slices go through a network at once."""
        check_batch_size(batch_size)
        predictions = []
        for start in range(0, len(slices), batch_size):
            predictions += self._predict_batch(slices[start : start + batch_size])
        return predictions

    def stage_two_box(self, prediction: Prediction) -> Box | None:
        """The box that stage 2 looked into, margin applied; None where it saw the whole slice."""
        if prediction.box is None or prediction.mask is None:
            return None
        if self.region not in ("crop", "crop_mask"):
            return None
        height, width = prediction.mask.shape
        return shrink_box(prediction.box, self.classifier.margin, (height, width))

    def heat_map(self, one: Slice, prediction: Prediction) -> NDArray[np.float32] | None:
        """Evidence for COVID-19 on the slice of a prediction, float32 H x W: what ``cam`` is in
        :class:`covidcls.explanation.Explanation`; None where there is no probability."""
        if prediction.evidence is None or prediction.mask is None:
            return None
        from covidcls.explanation.placing import on_slice, seen_box

        seed = content_seed(one.pixels)
        box = seen_box(prediction.mask, self.region, self.classifier.margin, seed)
        return on_slice(prediction.evidence, box, one.shape)

    def _predict_batch(self, slices: Sequence[Slice]) -> list[Prediction]:
        refusals = [refuse_picture(slice_) for slice_ in slices]
        predictions = [
            self._refused(slice_, refusal) if refusal else None
            for slice_, refusal in zip(slices, refusals, strict=True)
        ]
        seen = [i for i, prediction in enumerate(predictions) if prediction is None]
        if not seen:
            return cast(list[Prediction], predictions)
        found = masks_either_way(self.segmenter, [slices[i] for i in seen], len(seen))
        judged: list[int] = []
        views = []
        for i, one, mask in zip(seen, *found, strict=True):
            refusal = refuse_mask(mask, self.min_chest_ct)
            if refusal is not None:
                predictions[i] = self._refused(one, refusal)
                continue
            predictions[i] = self._judged(one, mask)
            judged.append(i)
            views.append(self.classifier.see(one, mask))
        if views:
            explained = self.classifier.explained(views, batch_size=len(views))
            for i, probability, evidence in zip(judged, *explained, strict=True):
                predictions[i] = self._with_probability(
                    cast(Prediction, predictions[i]), float(probability), evidence
                )
        return cast(list[Prediction], predictions)

    def _refused(self, slice_: Slice, refusal: Refusal) -> Prediction:
        return Prediction(
            path=slice_.source.path,
            slice=slice_.source.index,
            status=refusal.status,
            probability=None,
            label=None,
            threshold=self.threshold,
            lung_fraction=0.0,
            lesion_fraction=None,
            box=None,
            mask=np.zeros(slice_.shape, dtype=np.bool_),
            message=in_one((refusal.reason, *slice_.messages)),
        )

    def _judged(self, slice_: Slice, mask: LungMask) -> Prediction:
        return Prediction(
            path=slice_.source.path,
            slice=slice_.source.index,
            status="ok",
            probability=None,
            label=None,
            threshold=self.threshold,
            lung_fraction=mask.lung_fraction,
            lesion_fraction=mask.lesion_fraction,
            box=lung_box(mask.mask),
            mask=mask.mask,
            message=in_one((*slice_.messages, describe(mask.flags))),
            lesion=mask.lesion,
            voxel_ml=slice_.voxel_ml,
        )

    def _with_probability(
        self, prediction: Prediction, probability: float, evidence: NDArray[np.float64]
    ) -> Prediction:
        rounded = round(probability, PROBABILITY_DIGITS)
        return replace(
            prediction,
            probability=rounded,
            label="COVID" if rounded >= self.threshold else "non-COVID",
            band=place(rounded, self.classifier.band),
            evidence=evidence,
        )
