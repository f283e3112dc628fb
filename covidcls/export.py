"""From a finished training to a shipped classifier with its measured card."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covidcls.calibration import fit_calibration
from covidcls.classifier import CovidClassifier
from covidcls.data.learned import write_learned
from covidcls.data.module import CovidDataModule
from covidcls.data.pictures import LabelledPicture, Part
from covidcls.data.sampling import alike, balanced_weights
from covidcls.data.terms import licence_of, terms_of
from covidcls.floor import WHAT, lung_free_floor
from covidcls.fusion import Fusion, fit_fusion
from covidcls.operating_point import DEFAULT_AIM, choose_band, choose_operating_points
from covidcls.statistics import auc, figures
from covidcls.training import network_of
from lungseg.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

CALIBRATED_ON = "validation, by log loss, sources counting alike"
LEARNED_BY_HEART = (
    "every slice of validation was trained on: calibration, thresholds and figures say nothing"
)
FUSED_ON = "training; the share of the network by its spread on validation, without labels"


def export_classifier(
    trained: Path,
    data: CovidDataModule,
    directory: Path,
    name: str,
    training: dict[str, Any],
    test: bool = False,
) -> dict[str, Any]:
    """Write ``NAME.safetensors``, its card and ``NAME.learned`` into ``directory``; the card.

    Calibration, operating points and figures are of the half-precision weights on validation, on
    which the epoch was chosen too: the card says so. ``test`` adds the test split, to be looked
    at once; its absent files are an error then.
    """
    data.setup("test" if test else None)
    module, tensors = network_of(trained)
    card: dict[str, Any] = {
        "kind": "classifier",
        "architecture": module.arch,
        "positive_class": "COVID",
        **data.view.as_card(),
        "input_size": data.size,
        "normalisation": {"mean": module.entry.mean, "std": module.entry.std},
        "calibration": {"slope": 1.0, "intercept": 0.0},
        "threshold": 0.5,
        "segmenter": {"name": data.segmenter_name, "sha256": data.segmenter_sha256},
        "training": {
            "started_from": module.pretrained,
            "data": ", ".join(source.name for source in data.sources),
            "layout": ", ".join(source.layout for source in data.sources),
            "split": data.split(),
            "split_sha256": data.split_sha256(),
            **{
                part: {
                    "images": len(pictures),
                    "patients": len({p.patient for p in pictures if p.patient_known}),
                    "images_of_unknown_patients": sum(not p.patient_known for p in pictures),
                    "positive": sum(p.label for p in pictures),
                    "without_lung_found": data.views[part].lungless,
                }
                for part, pictures in data.pictures.items()
            },
            **_soft_labels(data),
            **training,
        },
        "parameters": sum(v.numel() for v in module.network.parameters()),
        "licence": licence_of(_terms(data), data.segmenter_licence),
    }
    labels = data.labels("val")
    exact = data.views["val"].exact
    whole = CovidClassifier(Checkpoint(name, card, tensors, "")).logits(exact)
    with tempfile.TemporaryDirectory() as folder:  # weights with half a card are never shipped
        path = save_checkpoint(Path(folder), name, tensors, card)
        half = CovidClassifier(load_checkpoint(path, "classifier"))
    logits = half.logits(exact)
    patients = [picture.patient for picture in data.pictures["val"]]
    if data.view.lesions:
        fusion = _fusion(data, logits)
        card["fusion"] = {**fusion.as_card(), "fitted_on": FUSED_ON}
        logits, whole = (fusion.logits(one, data.views["val"].findings) for one in (logits, whole))
    sources = [picture.source for picture in data.pictures["val"]]
    calibration = fit_calibration(logits, labels, alike(sources))
    probability = calibration.probabilities(logits)
    points = choose_operating_points(labels, probability.tolist(), patients, sources)
    threshold = points[DEFAULT_AIM]["threshold"]
    card["calibration"] = {**calibration.as_card(), "fitted_on": CALIBRATED_ON}
    card["threshold"] = threshold
    card["operating_points"] = points
    card["indeterminate"] = choose_band(labels, probability.tolist(), sources)
    card["threshold_chosen_by"] = "Youden on validation"
    one, truth = np.ones((1, len(labels))), np.array(labels)
    card["half_precision_cost"] = {
        "validation_auc": round(float((auc(truth, logits, one) - auc(truth, whole, one))[0]), 6),
        "largest_difference_of_probability": round(
            float(np.abs(np.subtract(*map(calibration.probabilities, (whole, logits)))).max()), 6
        ),
    }
    scores: dict[Part, NDArray[np.float64]] = {"val": probability}
    if test:
        logits = half.logits(data.views["test"].exact)
        if data.view.lesions:
            logits = fusion.logits(logits, data.views["test"].findings)
        scores["test"] = calibration.probabilities(logits)
    card["figures"] = {
        part: _figures(data.pictures[part], found, threshold) for part, found in scores.items()
    }
    card["floor"] = _floor(data)
    if len(data.sources) > 1:
        card["figures_by_source"] = {
            part: _by_source(data.pictures[part], found, threshold)
            for part, found in scores.items()
        }
        card["floor_by_source"] = {
            source.name: _floor(data, source.name) for source in data.sources
        }
    card["intervals"] = (
        "95 %, percentile bootstrap of 2,000 resamples clustered by patient (by source paper or "
        "file where no patient is known); Clopper-Pearson over those that count where a proportion "
        "is 0 or 1"
    )
    card["reading"] = (
        LEARNED_BY_HEART
        if data.everything
        else "calibration, thresholds and, unless it is the last, the epoch were chosen on this "
        "validation split, so its figures are optimistic; nothing here says how it does at another "
        "hospital"
    )
    weights = directory / f"{name}.safetensors"
    card["learned"] = write_learned(weights, data.views["train"].contents)
    path = save_checkpoint(directory, name, tensors, card)
    final: dict[str, Any] = load_checkpoint(path, "classifier").card
    return final


def _fusion(data: CovidDataModule, network: NDArray[np.float64]) -> Fusion:
    """The network, of which these are the logits on validation, with what lesions tell."""
    return fit_fusion(
        data.views["train"].findings,
        data.labels("train"),
        balanced_weights(data.pictures["train"]),
        data.views["val"].findings,
        network,
        [picture.source for picture in data.pictures["val"]],
        data.decoded_findings,
    )


def _floor(data: CovidDataModule, source: str | None = None) -> dict[str, Any]:
    train, val = ((data.views[part], data.pictures[part]) for part in ("train", "val"))
    return {"what": WHAT, **lung_free_floor(train, val, source).as_dict()}


def _soft_labels(data: CovidDataModule) -> dict[str, Any]:
    if data.softened is None:
        return {}
    return {
        "soft_labels": {
            "share": data.soft_share,
            "images": data.softened.n_taught,
            "sha256": data.softened.sha256,
        }
    }


def _terms(data: CovidDataModule) -> list[str]:
    every = [picture for pictures in data.pictures.values() for picture in pictures]
    return [
        terms_of(source, [picture for picture in every if picture.source == source.name])
        for source in data.sources
    ]


def _figures(
    pictures: Sequence[LabelledPicture], scores: NDArray[np.float64], threshold: float
) -> dict[str, Any]:
    labels, patients = [p.label for p in pictures], [p.patient for p in pictures]
    found = figures(labels, scores.tolist(), threshold, patients)
    return {key: value.as_dict() for key, value in found.items()}


def _by_source(
    pictures: Sequence[LabelledPicture], scores: NDArray[np.float64], threshold: float
) -> dict[str, Any]:
    """Figures of each source alone, and ``mean_auc``, by which the epoch was chosen."""
    by_source: dict[str, Any] = {}
    for name in dict.fromkeys(picture.source for picture in pictures):
        here = np.array([picture.source == name for picture in pictures])
        of_source = [picture for picture in pictures if picture.source == name]
        by_source[name] = _figures(of_source, scores[here], threshold)
    mean = np.mean([found["auc"]["value"] for found in by_source.values()])
    return {**by_source, "mean_auc": round(float(mean), 4)}
