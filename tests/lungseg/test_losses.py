"""Focal Tversky loss: which error alpha weighs, exponents, sums, unknown labels."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from lungseg.losses import FocalTverskyLoss, dice_loss, masked_bce, tversky_index


def plain_tversky(p: NDArray[np.float64], g: NDArray[np.float64], e: float) -> float:
    """The index of one class, pixel by pixel."""
    hit = missed = false = 0.0
    for a, b in zip(p.ravel().tolist(), g.ravel().tolist(), strict=True):
        hit += a * b
        missed += (1 - a) * b
        false += a * (1 - b)
    return (hit + e) / (hit + 0.7 * missed + 0.3 * false + e)


def as_logits(probability: torch.Tensor) -> torch.Tensor:
    return torch.logit(probability.clamp(1e-6, 1 - 1e-6))


def test_alpha_weighs_the_false_negatives() -> None:
    # 2 pixels hit, 3 of lung missed, 1 false: (2 + 1) / (2 + 0.7 * 3 + 0.3 * 1 + 1)
    p = torch.tensor([1.0, 1, 0, 0, 0, 1, 0, 0]).view(1, 1, 2, 4)
    g = torch.tensor([1.0, 1, 1, 1, 1, 0, 0, 0]).view(1, 1, 2, 4)
    assert tversky_index(p, g).item() == pytest.approx(3 / 5.4)
    assert tversky_index(g, p).item() == pytest.approx(3 / (2 + 0.7 * 1 + 0.3 * 3 + 1))
    assert tversky_index(p, g, 0.5, 0.5, smooth=0).item() == pytest.approx(2 * 2 / (5 + 3))  # Dice


@pytest.mark.parametrize(
    ("options", "power"),
    [({}, 1.3), ({"exponent": "inverse_gamma", "gamma": 4 / 3}, 0.75), ({"gamma": 2.0}, 2.0)],
)
def test_the_exponent_is_gamma_as_printed_or_its_inverse(
    options: dict[str, float], power: float
) -> None:
    p = torch.full((1, 1, 4, 4), 0.25)
    g = torch.zeros(1, 1, 4, 4)
    g[..., :2, :] = 1
    index = (2 + 1) / (2 + 0.7 * 6 + 0.3 * 2 + 1)
    loss = FocalTverskyLoss(**options)(as_logits(p), g)  # type: ignore[arg-type]
    assert loss.item() == pytest.approx((1 - index) ** power, rel=1e-4)


@pytest.mark.parametrize("sums", ["batch", "slice"])
def test_the_dice_loss_is_one_minus_soft_dice_of_each_class(
    sums: Literal["batch", "slice"],
) -> None:
    torch.manual_seed(0)
    p, g = torch.rand(2, 2, 4, 4), (torch.rand(2, 2, 4, 4) > 0.5).float()
    axes = (0, 2, 3) if sums == "batch" else (2, 3)
    dice = (2 * (p * g).sum(axes) + 2) / (p.sum(axes) + g.sum(axes) + 2)  # smoothed by a pixel
    expected = (1 - dice).sum() / (1 if sums == "batch" else 2)
    assert dice_loss(sums)(as_logits(p), g).item() == pytest.approx(expected.item(), abs=1e-5)


@pytest.mark.parametrize("wrong", [{"exponent": "cube"}, {"sums": "pixel"}])
def test_unknown_names_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong.values()))):
        FocalTverskyLoss(**wrong)  # type: ignore[arg-type]


@given(
    p=arrays.arrays(np.float32, (3, 2, 4, 4), elements=st.floats(0.015625, 0.984375, width=32)),
    g=arrays.arrays(np.bool_, (3, 2, 4, 4)),
    known=arrays.arrays(np.bool_, (3, 2)),
    sums=st.sampled_from(["batch", "slice"]),
)
def test_batch_and_slice_sums_agree_with_a_plain_reference(
    p: NDArray[np.float32],
    g: NDArray[np.bool_],
    known: NDArray[np.bool_],
    sums: Literal["batch", "slice"],
) -> None:
    expected = 0.0
    for c in range(2):
        labelled = [n for n in range(3) if known[n, c]]
        if sums == "batch":
            index = plain_tversky(p[labelled, c].astype(float), g[labelled, c].astype(float), 1.0)
            expected += (1 - index) ** 1.3
        elif labelled:
            losses = [
                (1 - plain_tversky(p[n, c].astype(float), g[n, c].astype(float), 1.0)) ** 1.3
                for n in labelled
            ]
            expected += float(np.mean(losses))
    given_p, given_g, given_known = (torch.from_numpy(a) for a in (p, g, known))
    loss = FocalTverskyLoss(sums=sums)(torch.logit(given_p), given_g, given_known)
    assert loss.item() == pytest.approx(expected, abs=1e-4)


def test_where_the_target_is_not_known_nothing_counts() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 2, 8, 8, requires_grad=True)
    target = (torch.rand(2, 2, 8, 8) > 0.5).float()
    known = torch.tensor([[True, True], [True, False]])
    for loss in (FocalTverskyLoss(), FocalTverskyLoss(sums="slice"), dice_loss(), masked_bce):
        (gradient,) = torch.autograd.grad(loss(logits, target, known), logits)
        assert gradient[1, 1].abs().max() == 0
        assert gradient[1, 0].abs().max() > 0
        assert gradient[0, 1].abs().max() > 0


@pytest.mark.parametrize("sums", ["batch", "slice"])
def test_an_empty_slice_costs_nothing_when_it_stays_empty(sums: Literal["batch", "slice"]) -> None:
    empty = torch.zeros(1, 1, 8, 8)
    loss = FocalTverskyLoss(sums=sums)
    assert loss(torch.full((1, 1, 8, 8), -20.0), empty).item() == pytest.approx(0, abs=1e-6)
    assert loss(torch.full((1, 1, 8, 8), 20.0), empty).item() > 0.9


@pytest.mark.parametrize("exponent", ["gamma", "inverse_gamma"])
@pytest.mark.parametrize("sums", ["batch", "slice"])
def test_gradients_are_finite_at_a_perfect_prediction(
    exponent: Literal["gamma", "inverse_gamma"], sums: Literal["batch", "slice"]
) -> None:
    target = torch.zeros(2, 1, 8, 8)
    target[0, :, 2:6, 2:6] = 1
    logits = ((target * 2 - 1) * 200).requires_grad_()
    loss = FocalTverskyLoss(exponent=exponent, sums=sums)(logits, target)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-4)
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_half_precision_logits_do_not_overflow() -> None:
    target = torch.ones(1, 1, 512, 512)
    logits = torch.full((1, 1, 512, 512), 3.0, dtype=torch.bfloat16)
    assert FocalTverskyLoss()(logits, target).item() == pytest.approx(
        FocalTverskyLoss()(logits.float(), target).item(), rel=1e-4
    )
    assert masked_bce(logits, target).item() == pytest.approx(0.0486, abs=1e-3)
