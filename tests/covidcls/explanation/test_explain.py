"""One slice explained by tiny real classifiers of both architectures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from covidcls.classifier import CovidClassifier
from covidcls.explanation import METHODS, Explanation, Method, explain
from covidcls.explanation.drawing import draw_evidence, draw_slice, tinted
from covidcls.fusion import Fusion
from lungseg.checkpoint import load_checkpoint, save_checkpoint
from lungseg.io import as_slices
from lungseg.lung_mask import LungMask
from lungseg.slice import Slice

Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def drawn(drawn_slice: Draw) -> tuple[Slice, LungMask]:
    [one] = as_slices(drawn_slice())
    return one, LungMask(drawn_slice() == 10, one.pixels)


@pytest.fixture(scope="module")
def certain(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny classifiers with a last layer that finds evidence everywhere."""
    folder = tmp_path_factory.mktemp("certain")
    for region in ("crop", "full"):
        found = load_checkpoint(tiny_weights / f"random-{region}.safetensors", "classifier")
        tensors = dict(found.tensors)
        tensors["classifier.weight"] = np.ones_like(tensors["classifier.weight"])
        calibration = {"slope": 0.5, "intercept": 9.0}
        save_checkpoint(folder, region, tensors, {**found.card, "calibration": calibration})
    return folder


@pytest.mark.parametrize("method", METHODS)
def test_evidence_lies_in_the_slice_where_stage_two_looked(
    certain: Path, drawn: tuple[Slice, LungMask], method: Method
) -> None:
    one, lung = drawn
    crop, full = (
        explain(CovidClassifier.from_checkpoint(name, certain, "cpu"), one, lung, method)
        for name in ("crop", "full")
    )
    assert crop.evidence.shape == full.evidence.shape == one.shape
    assert crop.box == (25, 35, 71, 65)  # of the lungs, 5 pixels inwards
    assert full.box == (0, 0, 96, 96)
    outside = crop.evidence.copy()
    outside[35:65, 25:71] = 0
    assert not outside.any()
    assert crop.energy.lung_share == pytest.approx((46 - 8) / 46)
    assert full.energy.lung_share == pytest.approx(2 * 24 * 40 / 96**2)
    assert crop.energy.box_lung_share == full.energy.box_lung_share == pytest.approx(48 / 56)


def test_the_mean_of_grad_cam_is_the_calibrated_logit_without_its_bias(
    certain: Path, drawn: tuple[Slice, LungMask]
) -> None:
    one, lung = drawn
    classifier = CovidClassifier.from_checkpoint("full", certain, "cpu")
    [logit] = classifier.logits([classifier.see(one, lung)])
    found = explain(classifier, one, lung, "grad-cam")
    bias = cast(torch.nn.Linear, classifier.network.get_submodule("classifier")).bias
    # ReLU6 and a head of ones: all evidence is positive, apart from the last norm's shift
    assert found.energy.evidence == pytest.approx((logit - bias.item()) / 2, rel=1e-3)


def test_cam_is_grad_cam_and_the_bias_of_the_last_layer(
    certain: Path, drawn: tuple[Slice, LungMask], tmp_path: Path
) -> None:
    one, lung = drawn
    found = load_checkpoint(certain / "crop.safetensors", "classifier")
    tensors = {**found.tensors, "classifier.bias": np.array([3.0], np.float32)}
    save_checkpoint(tmp_path, "biased", tensors, {**found.card, "input_size": 96})
    classifier = CovidClassifier.from_checkpoint("biased", tmp_path, "cpu")
    cam, grad_cam = (explain(classifier, one, lung, how).evidence for how in ("cam", "grad-cam"))
    seen = np.s_[35:65, 25:71]
    assert np.ptp(cam[seen]) > 0  # more than one cell
    np.testing.assert_allclose(cam[seen], grad_cam[seen] + 3 / 2, rtol=1e-4)


def test_a_random_box_is_found_where_stage_two_drew_it(
    certain: Path, drawn_slice: Draw, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    [one] = as_slices(drawn_slice() + rng.integers(0, 40, (96, 96)).astype(np.uint8))
    lung = LungMask(drawn_slice() == 10, one.pixels)
    found = load_checkpoint(certain / "crop.safetensors", "classifier")
    save_checkpoint(tmp_path, "random", found.tensors, {**found.card, "region": "random_box"})
    classifier = CovidClassifier.from_checkpoint("random", tmp_path, "cpu")
    x_min, y_min, x_max, y_max = explain(classifier, one, lung).box
    assert (one.pixels[y_min:y_max, x_min:x_max] == classifier.see(one, lung).picture).all()


@pytest.mark.parametrize("method", ["cam", "grad-cam"])
def test_a_fusion_adds_the_lesions_where_they_are(
    certain: Path, drawn: tuple[Slice, LungMask], tmp_path: Path, method: Method
) -> None:
    one, plain = drawn
    lesion = np.zeros(one.shape, np.float32)
    lesion[40:50, 60:70] = 0.9
    lung = replace(plain, lesion_probability=lesion, findings=np.ones(2, np.float32))
    found = load_checkpoint(certain / "crop.safetensors", "classifier")

    def explained(network: float, *findings: float) -> Explanation:
        fusion = Fusion(1.0, network, findings).as_card()
        save_checkpoint(tmp_path, "fused", found.tensors, {**found.card, "fusion": fusion})
        return explain(CovidClassifier.from_checkpoint("fused", tmp_path), one, lung, method)

    alone = explain(CovidClassifier.from_checkpoint("crop", certain, "cpu"), one, lung, method)
    look = explained(0.25, 0.0, 0.0).evidence  # of one cell, or finer ones that are all alike
    np.testing.assert_allclose(look, alone.evidence / 4, rtol=1e-5)
    lesions = explained(0.0, 3.0, 2.0)
    assert lesions.energy.evidence == pytest.approx(5 / 2, rel=0.05)  # the slope is a half
    assert lesions.evidence[36:54, 55:71].sum() > 0.7 * lesions.evidence.sum()


def test_no_lung_and_unknown_methods_are_refused(
    certain: Path, drawn: tuple[Slice, LungMask]
) -> None:
    one, lung = drawn
    classifier = CovidClassifier.from_checkpoint("full", certain, "cpu")
    with pytest.raises(ValueError, match="without lung"):
        explain(classifier, one, LungMask(np.zeros_like(lung.mask), one.pixels))
    with pytest.raises(ValueError, match="known are cam, grad-cam, occlusion"):
        explain(classifier, one, lung, cast(Method, "saliency"))


def test_faint_evidence_is_drawn_faint() -> None:
    grey = np.full((32, 32, 3), 100, np.uint8)
    none, faint, full, more = (
        tinted(grey, np.full((4, 4), strength, np.float32)) for strength in (0, 0.1, 1, 5)
    )
    assert (none == grey).all()
    assert 0 < abs(faint.astype(int) - grey).max() < 15
    assert abs(full.astype(int) - grey).max() > 60
    assert (full == more).all()


def test_pictures_show_slice_lungs_and_evidence(
    certain: Path, drawn: tuple[Slice, LungMask]
) -> None:
    one, lung = drawn
    found = explain(CovidClassifier.from_checkpoint("crop", certain, "cpu"), one, lung)
    plain, shown = draw_slice(one, lung.mask), draw_evidence(one, lung.mask, found)
    assert plain.shape == shown.shape == (320, 320, 3)
    inside, outside = (slice(140, 200), slice(100, 220)), (slice(0, 60), slice(0, 60))
    assert (plain[outside] == shown[outside]).all()
    assert (plain[inside] != shown[inside]).any()
