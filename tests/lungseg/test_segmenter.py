"""Stage 1 alone: geometry, cleaning, and cards that are refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from lungseg.checkpoint import load_checkpoint, save_checkpoint
from lungseg.cleaning import certainty
from lungseg.errors import CheckpointError
from lungseg.framing import content_box
from lungseg.io import as_slices
from lungseg.lung_mask import LungMask
from lungseg.metrics import dice
from lungseg.networks import AttentionUNet
from lungseg.segmenter import LungSegmenter

Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture(scope="module")
def segmenter(tiny_weights: Path) -> LungSegmenter:
    return LungSegmenter.from_checkpoint(directory=tiny_weights, device="cpu")


@pytest.mark.parametrize("shape", [(96, 96), (96, 300), (500, 220)])
def test_the_mask_lies_on_the_lungs_in_the_geometry_of_the_slice(
    segmenter: LungSegmenter, drawn_slice: Draw, shape: tuple[int, int]
) -> None:
    picture = np.asarray(cv2.resize(drawn_slice(), shape[::-1], interpolation=cv2.INTER_NEAREST))
    found = segmenter(picture)
    assert found.mask.shape == found.probability.shape == shape
    assert (found.mask.dtype, found.probability.dtype) == (np.bool_, np.float32)
    assert dice(found.mask, picture == 10) > 0.9
    assert found.lung_fraction == pytest.approx((picture == 10).mean(), rel=0.2)
    assert 0 <= found.chest_ct <= 1


def test_one_image_gives_a_mask_and_a_list_gives_a_list(
    segmenter: LungSegmenter, drawn_slice: Draw, tmp_path: Path
) -> None:
    Image.fromarray(drawn_slice()).save(tmp_path / "slice.png")
    assert isinstance(segmenter(drawn_slice()), LungMask)
    assert isinstance(segmenter(tmp_path / "slice.png"), LungMask)
    assert isinstance(segmenter(str(tmp_path / "slice.png")), LungMask)
    assert [type(one) for one in segmenter([drawn_slice()])] == [LungMask]
    assert segmenter([]) == []


def test_the_batch_does_not_change_a_mask(segmenter: LungSegmenter, drawn_slice: Draw) -> None:
    slices = [as_slices(drawn_slice(150 + 10 * n, (96, 96 + 20 * n)))[0] for n in range(5)]
    for one, other in zip(
        segmenter.predict(slices, batch_size=2),
        segmenter.predict(slices, batch_size=5),
        strict=True,
    ):
        assert np.array_equal(one.mask, other.mask)
        assert np.allclose(one.probability, other.probability, atol=1e-5)


def test_a_slice_without_lung_is_empty_and_has_no_lesion_share(segmenter: LungSegmenter) -> None:
    found = segmenter(np.full((64, 64), 180, np.uint8))
    assert not found.mask.any()
    assert (found.lung_fraction, found.lesion, found.lesion_fraction) == (0, None, None)
    assert found.flags == ()


def test_a_doubtful_mask_carries_its_flags(segmenter: LungSegmenter, drawn_slice: Draw) -> None:
    picture = drawn_slice()
    picture[:, 48:] = 200
    assert "one-lung" not in segmenter(drawn_slice()).flags
    assert "one-lung" in segmenter(picture).flags


def test_crumbs_are_cleaned_away(segmenter: LungSegmenter, drawn_slice: Draw) -> None:
    picture = drawn_slice()
    picture[5:9, 5:9] = 10
    found = segmenter(picture)
    assert found.probability[6, 6] > 0.5
    assert not found.mask[:15].any()


@pytest.mark.parametrize(("of_lung", "share"), [(5, 1), (-5, None)])
def test_lesion_stays_inside_the_lung(
    tmp_path: Path, drawn_slice: Draw, of_lung: float, share: float | None
) -> None:
    network = AttentionUNet("plain", 2, [2, 2])
    for parameter in network.masks.parameters():
        parameter.data.zero_()
    network.masks.bias.data[:] = torch.tensor([of_lung, 5.0])  # lesion everywhere
    card = {
        "kind": "segmenter",
        "architecture": {"encoder": "plain", "classes": 2, "widths": [2, 2]},
        "input_size": 64,
        "threshold": 0.5,
    }
    path = save_checkpoint(tmp_path, "all", network.state_dict(), card)
    found = LungSegmenter.from_checkpoint(path)(drawn_slice())
    assert found.lesion_fraction == share
    expected = None if share is None else pytest.approx(1 / (1 + np.exp(-5)))
    assert found.expected_lesion_fraction == expected
    assert found.lesion is not None
    assert not (found.lesion & ~found.mask).any()


def test_the_expected_share_of_a_pixel_at_the_threshold_is_one_half(
    tmp_path: Path, drawn_slice: Draw
) -> None:
    network = AttentionUNet("plain", 2, [2, 2])
    for parameter in network.masks.parameters():
        parameter.data.zero_()
    network.masks.bias.data[:] = torch.tensor([5.0, np.log(0.8 / 0.2)])
    card = {
        "kind": "segmenter",
        "architecture": {"encoder": "plain", "classes": 2, "widths": [2, 2]},
        "input_size": 64,
        "threshold": 0.5,
        "lesion_threshold": 0.8,
    }
    path = save_checkpoint(tmp_path, "all", network.state_dict(), card)
    found = LungSegmenter.from_checkpoint(path)(drawn_slice())
    assert found.expected_lesion_fraction == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"input_size": None}, "does not describe a segmenter"),
        ({"threshold": "high"}, "does not describe a segmenter"),
        ({"architecture": "tf_efficientnet_lite0"}, "does not describe a segmenter"),
        ({"architecture": {"encoder": "plain"}}, "does not describe a segmenter.*classes"),
        ({"architecture": {"encoder": "no-such-net", "classes": 1}}, "no-such-net"),
        (
            {"architecture": {"encoder": "plain", "classes": 1, "widths": [2, 2, 2]}},
            "do not fit the architecture of their card",
        ),
        (
            {"architecture": {"encoder": "plain", "classes": 2, "widths": [2, 2]}},
            r"masks\.bias \(1,\) instead of \(2,\)",
        ),
    ],
)
def test_a_card_that_does_not_describe_the_network_is_refused(
    tiny_weights: Path, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    good = load_checkpoint(tiny_weights / "dark.safetensors", "segmenter")
    path = save_checkpoint(tmp_path, "changed", good.tensors, {**good.card, **change})
    with pytest.raises(CheckpointError, match=words):
        LungSegmenter.from_checkpoint(path)


def test_a_classifier_is_no_segmenter(tiny_weights: Path) -> None:
    with pytest.raises(CheckpointError, match="'classifier' by its card"):
        LungSegmenter.from_checkpoint("random-crop", tiny_weights)


def framed(tiny_weights: Path, **card: Any) -> LungSegmenter:
    """The dark-is-lung network with another card."""
    checkpoint = load_checkpoint(tiny_weights / "dark.safetensors", "segmenter")
    return LungSegmenter(replace(checkpoint, card={**checkpoint.card, **card}), device="cpu")


def test_the_network_sees_the_content_and_its_maps_lie_there(
    tiny_weights: Path, drawn_slice: Draw
) -> None:
    picture = np.pad(drawn_slice(), ((60, 140), (40, 100)))
    left, top, right, bottom = content_box(picture)
    assert (bottom - top) * (right - left) < 0.5 * picture.size
    found = framed(tiny_weights, framing="content")(picture)
    alone = framed(tiny_weights)(picture[top:bottom, left:right])
    expected = np.zeros(picture.shape, np.float32)
    expected[top:bottom, left:right] = alone.probability
    assert np.array_equal(found.probability, expected)


def test_a_mask_that_is_nowhere_certain_is_taken_for_none(
    tiny_weights: Path, drawn_slice: Draw
) -> None:
    found = framed(tiny_weights)(drawn_slice())
    sure = certainty(found.mask, found.probability)
    assert 0.5 < sure < 1
    below = framed(tiny_weights, min_certainty=sure - 0.01)(drawn_slice())
    above = framed(tiny_weights, min_certainty=sure + 0.001)(drawn_slice())
    assert np.array_equal(below.mask, found.mask) and not above.mask.any()
    assert above.flags == ("dropped",) and not (above.lesion is not None and above.lesion.any())


def test_an_unknown_framing_is_no_segmenter(tiny_weights: Path) -> None:
    with pytest.raises(CheckpointError, match="framing is whole or content, not 'tight'"):
        framed(tiny_weights, framing="tight")
