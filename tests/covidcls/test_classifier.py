"""Stage 2 alone: probabilities, regions, and cards that are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.calibration import Calibration
from covidcls.classifier import CovidClassifier
from covidcls.views.seen import Seen
from lungseg.checkpoint import load_checkpoint, save_checkpoint
from lungseg.errors import CheckpointError
from lungseg.io import as_slices
from lungseg.lung_mask import LungMask

Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture(scope="module")
def classifier(tiny_weights: Path) -> CovidClassifier:
    return CovidClassifier.from_checkpoint(directory=tiny_weights, device="cpu")


def changed(tiny_weights: Path, folder: Path, **card: Any) -> Path:
    good = load_checkpoint(tiny_weights / "random-crop.safetensors", "classifier")
    return save_checkpoint(folder, "changed", good.tensors, {**good.card, **card})


def pictures() -> list[Seen]:
    rng = np.random.default_rng(0)
    shapes = [(40, 60), (1, 1), (32, 32), (300, 20), (64, 64)]
    return [Seen(rng.random(shape).astype(np.float32)) for shape in shapes]


def test_a_probability_for_pictures_of_any_size_in_any_batch(classifier: CovidClassifier) -> None:
    singly, together = (classifier.predict(pictures(), batch_size=n) for n in (1, 16))
    assert singly.shape == (5,)
    assert singly == pytest.approx(together, abs=1e-5)
    assert len(set(singly.tolist())) > 1
    assert classifier.predict([]).shape == (0,)


@pytest.mark.parametrize(
    ("card", "calibration"),
    [
        ({"calibration": {"slope": 0.5, "intercept": -1.0}}, Calibration(0.5, -1.0)),
        ({"temperature": 4.0}, Calibration(0.25)),  # of a card from before there was an intercept
    ],
)
def test_the_calibration_of_the_card_is_applied(
    tiny_weights: Path, tmp_path: Path, card: dict[str, Any], calibration: Calibration
) -> None:
    classifier = CovidClassifier.from_checkpoint(changed(tiny_weights, tmp_path, **card))
    logits = classifier.logits(pictures())
    assert classifier.predict(pictures()) == pytest.approx(calibration.probabilities(logits))
    assert classifier.predict(pictures()) != pytest.approx(Calibration().probabilities(logits))


def test_region_and_margin_of_the_card_decide_what_is_seen(
    tiny_weights: Path, tmp_path: Path, classifier: CovidClassifier, drawn_slice: Draw
) -> None:
    (one,) = as_slices(drawn_slice())
    mask = LungMask(drawn_slice() == 10, one.pixels)
    assert classifier.see(one, mask).picture.shape == (40 - 10, 56 - 10)
    wide = CovidClassifier.from_checkpoint(changed(tiny_weights, tmp_path, margin=-2))
    assert wide.see(one, mask).picture.shape == (44, 60)
    full = CovidClassifier.from_checkpoint(directory=tiny_weights, region="full")
    assert full.see(one, mask).picture.shape == (96, 96)


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ({"architecture": "resnet-none"}, "unknown architecture 'resnet-none'"),
        ({"architecture": {"encoder": "plain"}}, "does not describe a classifier"),
        ({"architecture": "tf_efficientnet_lite1"}, "do not fit the architecture of their card"),
        ({"region": "lungs"}, "unknown region 'lungs'"),
        ({"temperature": None}, "does not describe a classifier"),
        ({"calibration": {"slope": -1, "intercept": 0}}, "slope must be above 0"),
        ({"threshold": "half"}, "does not describe a classifier"),
    ],
)
def test_a_card_that_does_not_describe_the_network_is_refused(
    tiny_weights: Path, tmp_path: Path, card: dict[str, Any], words: str
) -> None:
    with pytest.raises(CheckpointError, match=words):
        CovidClassifier.from_checkpoint(changed(tiny_weights, tmp_path, **card))


def test_a_segmenter_is_no_classifier(tiny_weights: Path) -> None:
    with pytest.raises(CheckpointError, match="'segmenter' by its card"):
        CovidClassifier.from_checkpoint("dark", tiny_weights)
