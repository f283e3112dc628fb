"""What stage 2 sees: the same in training and in use, and nothing but what the card says."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.views.lungs import Lungs
from covidcls.views.view import SIDE, View
from lungseg.errors import UsageError
from lungseg.lung_mask import LungMask
from lungseg.phantom import display, make_phantom
from lungseg.regions import REGIONS, region_of

OLD_CARD: dict[str, Any] = {"region": "crop", "margin": 5}


@pytest.fixture(scope="module")
def pixels() -> NDArray[np.float32]:
    phantom = make_phantom(0.5, size=160, seed=1, lesions=0.3)
    return display(phantom.hu).astype(np.float32) / np.float32(255)


@pytest.fixture(scope="module")
def lungs() -> Lungs:
    phantom = make_phantom(0.5, size=160, seed=1, lesions=0.3)
    lesion = np.where(phantom.lesion & phantom.lung, 200, 20 * phantom.lung)
    return Lungs(phantom.lung, lesion.astype(np.uint8), np.arange(5, dtype=np.float32))


@pytest.mark.parametrize("region", REGIONS)
def test_an_old_card_sees_what_it_saw(
    pixels: NDArray[np.float32], lungs: Lungs, region: Any
) -> None:
    view = View.from_card({**OLD_CARD, "region": region})
    assert (view.normalise, view.decoding, view.channels, view.lesions) == (
        "none",
        "display",
        "grey",
        False,
    )
    if region != "random_box":  # no card of an old day has it
        seen = view.see(pixels, lungs)
        assert np.array_equal(seen.picture, region_of(pixels, lungs.mask, region, 5))
        assert seen.lesions is None


def test_a_card_gives_back_the_view_that_wrote_it() -> None:
    view = View("crop_mask", -3, "lung", "neutral", "lesion")
    assert View.from_card(view.as_card()) == view
    assert View.from_card({**OLD_CARD, "fusion": {}}).lesions


@pytest.mark.parametrize("name", ["region", "normalise", "decoding", "channels"])
def test_an_unknown_word_of_a_card_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"unknown {name} 'odd'; known are"):
        View.from_card({**OLD_CARD, name: "odd"})


def test_the_random_box_follows_the_pixels_alone(pixels: NDArray[np.float32], lungs: Lungs) -> None:
    view = View("random_box", 20)
    first = view.see(pixels, lungs).picture
    assert np.array_equal(first, view.see(pixels.copy(), lungs).picture)
    moved = [np.roll(pixels, n, axis=1) for n in range(1, 6)]
    places = {view.see(one, lungs).picture.tobytes() for one in moved}
    assert len(places | {first.tobytes()}) > 3


@pytest.mark.parametrize("region", REGIONS)
def test_lesion_channels_are_cut_as_the_grey_is(
    pixels: NDArray[np.float32], lungs: Lungs, region: Any
) -> None:
    assert lungs.lesion is not None
    seen = View(region, channels="lesion").see(pixels, lungs).picture
    assert np.array_equal(seen[..., 0], View(region).see(pixels, lungs).picture)
    if region == "background":  # the control would be told what it must not know
        assert not seen[..., 1:].any()
    if region == "crop":
        assert np.array_equal(seen[..., 1] > 0, region_of(lungs.mask, lungs.mask, "crop"))
        assert seen[..., 2].max() == np.float32(200 / 255)


def test_a_fusion_sees_the_lesions_beside_the_picture(
    pixels: NDArray[np.float32], lungs: Lungs
) -> None:
    fused = View(lesions=True, normalise="lung", decoding="neutral").see(pixels, lungs)
    plain = View(normalise="lung", decoding="neutral").see(pixels, lungs)
    assert np.array_equal(fused.picture, plain.picture)
    assert fused.lesions is not None
    assert fused.lesions.findings is lungs.findings
    channels = View(channels="lesion").see(pixels, lungs).picture
    assert np.array_equal(fused.lesions.probability, channels[..., 2])
    with pytest.raises(UsageError, match="this stage 1 does not say"):
        View(lesions=True).see(pixels, Lungs(lungs.mask, lungs.lesion))


@pytest.mark.parametrize("region", ["background", "random_box"])
def test_a_control_is_not_told_of_the_lesions(region: Any) -> None:
    with pytest.raises(UsageError, match=f"{region} is a control"):
        View(region, lesions=True)


def test_without_lesions_of_stage_one_a_view_of_them_is_refused(
    pixels: NDArray[np.float32], lungs: Lungs
) -> None:
    with pytest.raises(UsageError, match="this stage 1 finds none"):
        View(channels="lesion").see(pixels, Lungs(lungs.mask))


def test_neutral_decoding_makes_two_files_of_one_slice_alike(
    pixels: NDArray[np.float32], lungs: Lungs
) -> None:
    """Twice as large, in another aspect and through a bad JPEG, against the slice itself."""
    height, width = pixels.shape
    size = (width * 2, height * 3 // 2)
    large = cv2.resize((pixels * 255).astype(np.uint8), size, interpolation=cv2.INTER_CUBIC)
    coded = cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    other = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE).astype(np.float32) / np.float32(255)
    mask = cv2.resize(lungs.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    view = View(margin=0, decoding="neutral")
    one, two = view.see(pixels, lungs).picture, view.see(other, Lungs(mask)).picture
    assert one.shape == two.shape == (SIDE, SIDE)
    assert np.abs(one - two).mean() < 0.015
    three = View(margin=0, decoding="neutral", channels="lesion").see(pixels, lungs).picture
    assert np.array_equal(three[..., 0], one)
    assert three[..., 2].max() == pytest.approx(200 / 255, abs=0.01)  # no JPEG of a mask


def test_eight_bits_keep_what_is_lesion() -> None:
    probability = np.array([[0.0, 0.4999, 0.5, 1.0]], np.float32)
    mask = np.ones((1, 4), bool)
    found = LungMask(mask, probability, probability >= 0.5, lesion_probability=probability)
    lesion = Lungs.of(found).lesion
    assert lesion is not None
    assert np.array_equal(lesion >= 128, found.lesion)
    assert Lungs.of(LungMask(mask, probability)).lesion is None
