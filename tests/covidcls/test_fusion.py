"""Late fusion: what the lesion share adds, fitted by L2-regularised logistic regression."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.fusion import INPUTS, Fusion, cross_fitted, fit_fusion, lesions_of
from covidcls.statistics import auc
from covidcls.views.lesion_share import LEAST_SHARE, lesion_features

Array = NDArray[np.float64]


@pytest.fixture
def scored() -> tuple[Array, Array, list[int]]:
    """Logits of a network that knows a little, lesion features that know more, and labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 2
    network = rng.normal(0.5 * labels, 1)
    share = np.clip(rng.normal(0.1 + 0.15 * labels, 0.08), 0, 1)
    shares = np.column_stack([share, share + 0.01])
    lesions = np.hstack([shares, np.log(shares + LEAST_SHARE)])
    return network, lesions, labels.tolist()


def auc_of(labels: list[int], scores: Array) -> float:
    return float(auc(np.array(labels), scores, np.ones((1, len(labels))))[0])


def test_the_fused_logit_knows_more_than_either(scored: tuple[Array, Array, list[int]]) -> None:
    network, lesions, labels = scored
    fused = fit_fusion(network, lesions, labels).logits(network, lesions)
    assert auc_of(labels, fused) > auc_of(labels, network) + 0.1
    assert auc_of(labels, fused) > auc_of(labels, lesions[:, 0])


def test_the_weights_are_those_of_the_inputs_as_they_are(
    scored: tuple[Array, Array, list[int]],
) -> None:
    """Numpy on raw inputs gives what scikit-learn gives on standardised ones."""
    from covidcls.fusion import _model

    network, lesions, labels = scored
    model = _model().fit(np.column_stack([network, lesions]), labels)
    expected = model.decision_function(np.column_stack([network, lesions]))
    found = fit_fusion(network, lesions, labels).logits(network, lesions)
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_card_gives_back_the_fusion_that_wrote_it(
    scored: tuple[Array, Array, list[int]],
) -> None:
    fusion = fit_fusion(*scored)
    assert Fusion.from_card({"fusion": fusion.as_card()}) == fusion
    assert Fusion.from_card({}) is None
    with pytest.raises(ValueError, match=f"a fusion of logit instead of {', '.join(INPUTS)}"):
        Fusion.from_card({"fusion": {"intercept": 0, "weights": {"logit": 1}}})


def test_figures_on_validation_do_not_see_the_patient() -> None:
    """Inputs that only tell patients apart: fitted they seem to know, cross-fitted they do not."""
    rng = np.random.default_rng(1)
    patients = [f"p{n // 8}" for n in range(80)]
    labels = [(n // 8) % 2 for n in range(80)]
    of_patient = rng.normal(0, 1, (10, 5))[np.arange(80) // 8]
    noisy = of_patient + rng.normal(0, 0.01, of_patient.shape)
    fitted = fit_fusion(noisy[:, 0], noisy[:, 1:], labels).logits(noisy[:, 0], noisy[:, 1:])
    unseen = cross_fitted(noisy[:, 0], noisy[:, 1:], labels, patients)
    assert unseen is not None
    assert auc_of(labels, unseen) < auc_of(labels, fitted) - 0.1


def test_one_patient_of_a_class_cannot_be_left_out(scored: tuple[Array, Array, list[int]]) -> None:
    network, lesions, labels = scored
    patients = [f"p{n}" if label else "one" for n, label in enumerate(labels)]
    assert cross_fitted(network, lesions, labels, patients) is None


def test_lesion_features_are_shares_of_the_lung() -> None:
    seen = np.zeros((20, 20, 3), np.float32)
    seen[5:15, 5:15, 1] = 1
    seen[5:10, 5:15, 2] = 0.8
    seen[10:15, 5:15, 2] = 0.1
    lesion, expected, log_lesion, log_expected = lesion_features(seen)
    assert lesion == pytest.approx(0.5)
    assert expected == pytest.approx(0.45)
    assert log_lesion == pytest.approx(np.log(0.5 + LEAST_SHARE))
    assert log_expected == pytest.approx(np.log(0.45 + LEAST_SHARE))
    assert lesion_features(np.zeros((4, 4, 3), np.float32))[:2] == pytest.approx([0, 0])
    assert lesions_of([], 32).shape == (0, 4)
    assert lesions_of([seen], 20)[0] == pytest.approx([lesion, expected, log_lesion, log_expected])
