"""From a finished training to a shipped classifier with its measured card."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from covidcls.calibration import calibrated, fit_temperature
from covidcls.classifier import CovidClassifier
from covidcls.data.module import CovidDataModule
from covidcls.floor import lung_free_floor
from covidcls.operating_point import DEFAULT_AIM, choose_band, choose_operating_points
from covidcls.statistics import auc, figures
from covidcls.training import network_of
from lungseg.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

TERMS = (
    "research only, non-commercial: trained on COVID-CT, whose pictures' copyright stays with the "
    "papers' authors and publishers, on lung masks of CC BY-NC-SA data"
)


def export_classifier(
    trained: Path,
    data: CovidDataModule,
    directory: Path,
    name: str,
    training: dict[str, Any],
    test: bool = False,
) -> dict[str, Any]:
    """Write ``NAME.safetensors`` and its card into ``directory``; the card.

    Temperature, operating points and figures are of the half-precision weights on validation, on
    which the epoch was chosen too: the card says so. ``test`` adds the test split, to be looked
    at once; its absent files are an error then.
    """
    data.setup("test" if test else None)
    module, tensors = network_of(trained)
    card: dict[str, Any] = {
        "kind": "classifier",
        "architecture": module.arch,
        "positive_class": "COVID",
        "region": data.region,
        "margin": data.margin,
        "input_size": data.size,
        "normalisation": {"mean": module.entry.mean, "std": module.entry.std},
        "temperature": 1.0,
        "threshold": 0.5,
        "segmenter": {"name": data.segmenter_name, "sha256": data.segmenter_sha256},
        "training": {
            "started_from": module.pretrained,
            "data": data.data_dir.name,
            "layout": data.layout,
            "split": "official" if data.layout == "covid-ct" else f"seed {data.split_seed}",
            "split_sha256": data.split_sha256(),
            **{
                part: {
                    "images": len(pictures),
                    "patients": len({p.patient for p in pictures}),
                    "positive": sum(p.label for p in pictures),
                    "without_lung_found": data.views[part].lungless,
                }
                for part, pictures in data.pictures.items()
            },
            **training,
        },
        "parameters": sum(v.numel() for v in module.network.parameters()),
        "licence": TERMS,
    }
    labels = data.labels("val")
    exact = data.views["val"].exact
    whole = CovidClassifier(Checkpoint(name, card, tensors, "")).logits(exact)
    with tempfile.TemporaryDirectory() as folder:  # weights with half a card are never shipped
        path = save_checkpoint(Path(folder), name, tensors, card)
        half = CovidClassifier(load_checkpoint(path, "classifier"))
    logits = half.logits(exact)
    temperature = fit_temperature(logits.tolist(), labels)
    probability = calibrated(logits, temperature)
    patients = [picture.patient for picture in data.pictures["val"]]
    points = choose_operating_points(labels, probability.tolist(), patients)
    threshold = points[DEFAULT_AIM]["threshold"]
    card |= {"temperature": round(temperature, 6), "threshold": threshold}
    card["operating_points"] = points
    card["indeterminate"] = choose_band(labels, probability.tolist())
    card["threshold_chosen_by"] = "Youden on validation"
    card["temperature_chosen_by"] = "log loss on validation"
    one, truth = np.ones((1, len(labels))), np.array(labels)
    card["half_precision_cost"] = {
        "validation_auc": round(float((auc(truth, logits, one) - auc(truth, whole, one))[0]), 6),
        "largest_difference_of_probability": round(
            float(np.abs(calibrated(whole, temperature) - probability).max()), 6
        ),
    }
    measured: dict[str, Any] = {}
    for part in ("val", "test") if test else ("val",):
        scores = calibrated(half.logits(data.views[part].exact), temperature)
        pictures = data.pictures[part]
        found = figures(
            [p.label for p in pictures], scores.tolist(), threshold, [p.patient for p in pictures]
        )
        measured[part] = {key: value.as_dict() for key, value in found.items()}
    card["figures"] = measured
    card["floor"] = {
        "what": "random forest on 24 x 24 pixels with the lungs removed, AUC on validation",
        **lung_free_floor(
            (data.views["train"], data.pictures["train"]), (data.views["val"], data.pictures["val"])
        ).as_dict(),
    }
    card["intervals"] = (
        "95 %, percentile bootstrap of 2,000 resamples clustered by patient (by source paper or "
        "file where no patient is known)"
    )
    card["reading"] = (
        "the epoch, temperature and thresholds were chosen on this validation split, so its "
        "figures are optimistic; nothing here says how it does at another hospital"
    )
    path = save_checkpoint(directory, name, tensors, card)
    final: dict[str, Any] = load_checkpoint(path, "classifier").card
    return final
