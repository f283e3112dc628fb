"""Trained cells, and stage 1 alone, in use: what they say of the slices that they are judged on."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from covidcls.ablation.predictions import JudgedSlice
from covidcls.data.class_folders import Part
from covidcls.data.pictures import LabelledPicture, split_sha256
from covidcls.data.sources import Division, Source, read_source, read_sources
from lungseg.errors import UsageError

if TYPE_CHECKING:
    from covidcls.data.mask_cache import MaskCache
    from covidcls.data.module import CovidDataModule
    from covidcls.views.lungs import Lungs
    from lungseg.slice import Slice

AT_ONCE = 256  # pictures in memory


def data_of(recipe: Mapping[str, Any]) -> CovidDataModule:
    """The data of a recipe, read by the parser that ``train_cls`` has.

    Raises UsageError for options that it does not have, and values of another kind.
    """
    from jsonargparse import ArgumentError, ArgumentParser

    from covidcls.data.module import CovidDataModule

    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(CovidDataModule, "data")
    try:
        # a copy: the parser puts its own objects into lists
        given = parser.parse_object({"data": copy.deepcopy(recipe.get("data", {}))})
    except ArgumentError as error:
        raise UsageError(" ".join(str(error).split())) from error
    data: CovidDataModule = parser.instantiate(given).data
    return data


def every_picture(source: Source) -> list[LabelledPicture]:
    """All of a data set that may be looked at: train and validation, and no test part.

    Raises UsageError for files, lists, tables and classes that are missing.
    """
    undivided = Division(0, 0, None, lambda root, pictures: [], everything=True)
    return read_source(source, "train", undivided)


def split_of(recipe: Mapping[str, Any]) -> str:
    """Who is in training and validation by ``recipe`` as the data are now: what a card has as
    ``split_sha256``. Raises UsageError for data that are missing."""
    data = data_of(recipe)
    parts: tuple[Part, ...] = ("train", "val")
    found = {part: read_sources(data.sources, part, data.division()) for part in parts}
    return split_sha256((part, one) for part, pictures in found.items() for one in pictures)


def learned_from(recipe: Mapping[str, Any], source: Source) -> bool:
    """Whether a recipe trains on ``source``."""
    sources = recipe["data"].get("sources") or [{"folder": recipe["data"]["data_dir"]}]
    folders = [Path(one["folder"]).resolve() for one in sources]
    return Path(source.folder).resolve() in folders


def judge_validation(weights: Path, recipe: Mapping[str, Any]) -> list[JudgedSlice]:
    """Calibrated probabilities of the validation part (or fold) of the data of ``recipe``.

    ``weights``: a classifier that was trained by it.
    """
    from covidcls.classifier import CovidClassifier

    data = data_of(recipe)
    data.read("val")
    probabilities = CovidClassifier.from_checkpoint(weights).predict(data.views["val"].exact)
    return _judged(data.pictures["val"], probabilities, data.data_dir)


def judge_source(weights: Path, recipe: Mapping[str, Any], source: Source) -> list[JudgedSlice]:
    """Calibrated probabilities of a data set: every picture of one that ``recipe`` did not learn
    from, else the validation part of it."""
    from covidcls.classifier import CovidClassifier
    from covidcls.data.dataset import SeenPictures

    data, classifier = data_of(recipe), CovidClassifier.from_checkpoint(weights)
    if learned_from(recipe, source):
        data.read("val")
        own = [i for i, one in enumerate(data.pictures["val"]) if one.source == source.name]
        probabilities = classifier.predict([data.views["val"].exact[i] for i in own])
        return _judged([data.pictures["val"][i] for i in own], probabilities, Path(source.folder))
    every, cache = every_picture(source), _cache(data)
    found: list[JudgedSlice] = []
    for start in range(0, len(every), AT_ONCE):
        chunk = every[start : start + AT_ONCE]
        exact = SeenPictures(chunk, cache, classifier.view, classifier.size).exact
        found += _judged(chunk, classifier.predict(exact), Path(source.folder))
    return found


def judge_by_lesions(recipe: Mapping[str, Any], source: Source) -> list[JudgedSlice]:
    """The share of the lung that stage 1 takes for lesion (expected, 0 to 1) instead of a
    probability, of every picture of a data set: no label was learned.

    Raises UsageError where the segmenter of ``recipe`` finds no lesions.
    """
    from covidcls.views.lesion_share import LESION_FEATURES, lesion_features
    from covidcls.views.view import View

    pictures = every_picture(source)
    view, column = View("full", channels="lesion"), LESION_FEATURES.index("expected")
    shares: list[float] = []

    def use(index: int, one: Slice, lungs: Lungs) -> None:
        shares.append(float(lesion_features(view.see(one.pixels, lungs).picture)[column]))

    _cache(data_of(recipe)).each([one.path for one in pictures], use)
    return _judged(pictures, np.array(shares), Path(source.folder))


def _cache(data: CovidDataModule) -> MaskCache:
    from covidcls.data.mask_cache import MaskCache
    from lungseg.segmenter import LungSegmenter

    folder = None if data.weights_dir is None else Path(data.weights_dir)
    return MaskCache(LungSegmenter.from_checkpoint(data.segmenter, folder), data.cache_dir)


def _judged(
    pictures: Sequence[LabelledPicture], probabilities: NDArray[np.float64], root: Path
) -> list[JudgedSlice]:
    return [
        JudgedSlice(one.path.relative_to(root).as_posix(), one.label, one.patient, float(p))
        for one, p in zip(pictures, probabilities, strict=True)
    ]
