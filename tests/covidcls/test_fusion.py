"""Late fusion: what a linear model of the findings of stage 1 adds to the network's logit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from covidcls.fusion import FINER, INVERSE_PENALTY, OTHER_FINDINGS, Fusion, fit_fusion
from covidcls.statistics import auc
from covidcls.views.seen import Lesions, Seen, lesions_in
from lungseg.errors import UsageError

Array = NDArray[np.float64]


@pytest.fixture
def slices() -> dict[str, Any]:
    """Training and other slices of two sources; findings and network know something each."""
    rng = np.random.default_rng(0)
    labels = np.arange(160) % 2
    findings = rng.normal(0, 1, (160, 6)) * [1, 1, 1, 5, 1, 1] + [0, 0, 0, 9, 0, 0]
    findings[:, 0] += labels
    given = list(findings.astype(np.float32))
    return {
        "findings": given[:100],
        "labels": labels[:100].tolist(),
        "weights": [1.0] * 100,
        "others": given[100:],
        "network": rng.normal(0.8 * labels[100:], 1),
        "sources": ["here"] * 30 + ["there"] * 30,
    }


def auc_of(labels: Array, scores: Array) -> float:
    return float(auc(labels, scores, np.ones((1, len(labels))))[0])


def test_both_parts_have_a_say(slices: dict[str, Any]) -> None:
    fusion, labels = fit_fusion(**slices), np.arange(100, 160) % 2
    fused = fusion.logits(slices["network"], slices["others"])
    assert auc_of(labels, fused) > auc_of(labels, slices["network"])
    assert auc_of(labels, fused) > auc_of(labels, fusion.of_findings(slices["others"]))


def test_the_weights_are_those_of_the_findings_as_they_are(slices: dict[str, Any]) -> None:
    """Numpy on raw findings gives what scikit-learn gives on standardised ones."""
    scaler = StandardScaler().fit(slices["findings"])
    model = LogisticRegression(C=INVERSE_PENALTY)
    model.fit(scaler.transform(slices["findings"]), slices["labels"])
    expected = model.decision_function(scaler.transform(slices["others"]))
    fusion = fit_fusion(**slices)
    found = fusion.intercept + fusion.of_findings(slices["others"])
    assert found == pytest.approx(expected, abs=1e-5)


def test_all_but_the_means_of_the_decoder_are_fitted_more_strictly(slices: dict[str, Any]) -> None:
    """Of 6 findings with 2 features of the decoder, the third and fourth."""
    scaler = StandardScaler().fit(slices["findings"])
    model = LogisticRegression(C=INVERSE_PENALTY)
    loose = np.sqrt([OTHER_FINDINGS] * 2 + [1, 1] + [OTHER_FINDINGS] * 2)
    model.fit(scaler.transform(slices["findings"]) * loose, slices["labels"])
    expected = model.decision_function(scaler.transform(slices["others"]) * loose)
    fusion = fit_fusion(**slices, decoded=2)
    found = fusion.intercept + fusion.of_findings(slices["others"])
    assert found == pytest.approx(expected, abs=1e-5)
    assert abs(fusion.findings[0]) < 0.2 * abs(fit_fusion(**slices).findings[0])


def test_a_slice_counts_as_its_weight_says(slices: dict[str, Any]) -> None:
    twice = {key: slices[key][:60] + slices[key] for key in ("findings", "labels", "weights")}
    heavier = {"weights": [2.0] * 60 + [1.0] * 40}
    one, two = fit_fusion(**{**slices, **twice}), fit_fusion(**{**slices, **heavier})
    assert one.findings != fit_fusion(**slices).findings
    # the penalty is weighed against 160 slices in one case, and 100 in the other
    assert np.corrcoef(one.findings, two.findings)[0, 1] > 0.999


def test_the_say_does_not_depend_on_how_far_a_network_spreads(slices: dict[str, Any]) -> None:
    wide = fit_fusion(**{**slices, "network": 10 * slices["network"]})
    found = fit_fusion(**slices).logits(slices["network"], slices["others"])
    assert wide.logits(10 * slices["network"], slices["others"]) == pytest.approx(found, abs=1e-3)
    # a shift between sources is no spread
    moved = slices["network"] + 50 * (np.array(slices["sources"]) == "there")
    assert fit_fusion(**{**slices, "network": moved}).network == fit_fusion(**slices).network


def test_a_network_that_says_the_same_of_every_slice_is_refused(slices: dict[str, Any]) -> None:
    for level in (0.0, -0.3):
        with pytest.raises(UsageError, match="says the same of every slice.*train it again"):
            fit_fusion(**{**slices, "network": np.full(60, level)})
    moved = -0.3 + 5.0 * (np.array(slices["sources"]) == "there")  # it tells the sources alone
    with pytest.raises(UsageError, match="says the same of every slice"):
        fit_fusion(**{**slices, "network": moved})


def test_a_network_that_says_little_has_its_say(slices: dict[str, Any]) -> None:
    said, faint = slices["network"], 1e-4 * slices["network"]
    expected = fit_fusion(**slices).logits(said, slices["others"])
    found = fit_fusion(**{**slices, "network": faint}).logits(faint, slices["others"])
    assert found == pytest.approx(expected, abs=1e-3)


def test_a_card_gives_back_the_fusion_that_wrote_it(slices: dict[str, Any]) -> None:
    fusion = fit_fusion(**slices)
    assert Fusion.from_card({"fusion": fusion.as_card()}) == fusion
    assert Fusion.from_card({}) is None
    with pytest.raises(ValueError, match="other findings"):
        Fusion.from_card({"fusion": {**fusion.as_card(), "version": -1}})


def test_findings_of_another_length_are_refused(slices: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="mismatch"):
        fit_fusion(**slices).of_findings([np.zeros(3, np.float32), np.zeros(3, np.float32)])


def evidence_of(probability: float, network: Array, usual: float = 1.0) -> Array:
    """Of findings that add 4, with a lesion on an eighth of the picture."""
    where = np.zeros((40, 40), np.float32)
    where[:10, 20:] = probability
    fusion = Fusion(-3.0, 0.5, (2.0, 1.0), usual)
    return fusion.evidence(network, Lesions(np.array([1, 2], np.float32), where))


def test_the_evidence_of_lesions_lies_where_they_are() -> None:
    network = np.arange(16, dtype=float).reshape(4, 4)
    found = evidence_of(0.9, network)
    assert found.shape == (4 * FINER, 4 * FINER)
    assert found.mean() == pytest.approx(0.5 * network.mean() + 4 - 1)
    there = found - 0.5 * np.kron(network, np.ones((FINER, FINER)))
    assert there[:FINER, 2 * FINER :].sum() > 0.8 * there.sum()
    assert there.min() > 0


def test_usual_findings_are_no_evidence_and_a_speck_draws_none() -> None:
    none = np.zeros((4, 4))
    assert evidence_of(0.9, none, usual=4.0) == pytest.approx(0)
    assert evidence_of(0.9, none, usual=6.0).max() < 0
    for probability in (0.0, 1 / 255):
        assert evidence_of(probability, none) == pytest.approx(3, rel=0.25)


def test_what_was_seen_without_lesions_is_refused() -> None:
    with pytest.raises(ValueError, match="a fusion needs the lesions"):
        lesions_in([Seen(np.zeros((4, 4), np.float32))])
