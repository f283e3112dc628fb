"""A trained cell in use: probabilities of the slices that it is judged on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from covidcls.ablation.predictions import JudgedSlice

if TYPE_CHECKING:
    from covidcls.data.module import CovidDataModule


def data_of(recipe: Mapping[str, Any]) -> CovidDataModule:
    """The data of a recipe, read by the parser that ``train_cls`` has."""
    from jsonargparse import ArgumentParser

    from covidcls.data.module import CovidDataModule

    parser = ArgumentParser()
    parser.add_class_arguments(CovidDataModule, "data")
    given = parser.parse_object({"data": recipe.get("data", {})})
    data: CovidDataModule = parser.instantiate_classes(given).data
    return data


def judge_validation(weights: Path, recipe: Mapping[str, Any]) -> list[JudgedSlice]:
    """Calibrated probabilities of the validation part (or fold) of the data of ``recipe``.

    ``weights``: a classifier that was trained by it.
    """
    from covidcls.classifier import CovidClassifier

    data = data_of(recipe)
    data.read("val")
    classifier = CovidClassifier.from_checkpoint(weights)
    probabilities = classifier.predict(data.views["val"].exact)
    return [
        JudgedSlice(
            one.path.relative_to(data.data_dir).as_posix(), one.label, one.patient, float(p)
        )
        for one, p in zip(data.pictures["val"], probabilities, strict=True)
    ]
