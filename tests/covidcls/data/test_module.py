"""What stage 2 is trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from covidcls.classifier import CovidClassifier
from covidcls.data.module import CovidDataModule
from covidcls.views.view import View
from lungseg.errors import UsageError
from lungseg.io import as_slices
from lungseg.lung_mask import LungMask
from lungseg.regions import REGIONS
from lungseg.segmenter import LungSegmenter
from lungseg.tensors import stack


@pytest.fixture(scope="module")
def options(
    covid_layout: Path, tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    return {
        "data_dir": str(covid_layout),
        "weights_dir": str(tiny_weights),
        "cache_dir": str(tmp_path_factory.mktemp("cache")),
        "size": 32,
        "batch_size": 4,
        "workers": 0,
    }


@pytest.fixture(scope="module")
def data(options: dict[str, Any]) -> CovidDataModule:
    module = CovidDataModule(**options)
    module.setup()
    return module


def test_the_test_files_are_missed_only_when_they_are_asked_for(data: CovidDataModule) -> None:
    assert data.pictures.keys() == {"train", "val"}
    with pytest.raises(UsageError, match="4 of the 4 files of the test split"):
        data.setup("test")


def test_a_part_needs_both_classes(covid_layout: Path, options: dict[str, Any]) -> None:
    folders = {**options, "data_dir": str(covid_layout / "Images-processed")}
    data = CovidDataModule(**folders, layout="folders", positive="CT_COVID", val_share=0.0)
    with pytest.raises(UsageError, match="val part of .* has 0 pictures.*--data.val_share"):
        data.setup()


def test_class_folders_have_no_test_split(covid_layout: Path, options: dict[str, Any]) -> None:
    folders = {**options, "data_dir": str(covid_layout / "Images-processed")}
    data = CovidDataModule(**folders, layout="folders", positive="CT_COVID", val_share=0.4)
    with pytest.raises(UsageError, match="no test split"):
        data.setup("test")
    data.setup()
    assert sum(len(part) for part in data.pictures.values()) == 18
    assert min(len(data.pictures[part]) for part in ("train", "val")) > 0  # type: ignore[index]


def test_training_batches_are_augmented_shuffled_and_whole(data: CovidDataModule) -> None:
    torch.manual_seed(0)
    first, second = (list(data.train_dataloader()) for _ in range(2))
    assert [len(batch["label"]) for batch in first] == [4, 4, 4]
    assert first[0]["picture"].shape == (4, 32, 32)
    assert first[0]["picture"].dtype == torch.float32
    assert 0 <= first[0]["picture"].min() < first[0]["picture"].max() <= 1
    assert sum(float(batch["label"].sum()) for batch in first) == 6
    assert not torch.equal(first[0]["picture"], second[0]["picture"])
    assert [b["label"].tolist() for b in first] != [b["label"].tolist() for b in second]


@pytest.mark.parametrize("augmentation", ["paper", "figure"])
def test_workers_draw_differently(options: dict[str, Any], augmentation: str) -> None:
    data = CovidDataModule(**{**options, "workers": 2, "augmentation": augmentation})
    data.setup()
    roomy = data.views["train"].roomy
    roomy[:] = [roomy[0]] * len(roomy)  # so that a difference is one of draws
    drawn = [one.numpy().tobytes() for batch in data.train_dataloader() for one in batch["picture"]]
    assert len(set(drawn)) > 8


@pytest.mark.parametrize("region", REGIONS)
def test_validation_sees_exactly_what_the_classifier_will(
    options: dict[str, Any], region: str, tiny_weights: Path
) -> None:
    data = CovidDataModule(**{**options, "region": region, "margin": 3})
    data.setup()
    shown = torch.cat([batch["picture"] for batch in data.val_dataloader()])
    assert shown.shape == (6, 32, 32)
    segmenter = LungSegmenter.from_checkpoint(directory=tiny_weights, device="cpu")
    classifier = CovidClassifier.from_checkpoint(directory=tiny_weights, device="cpu")
    classifier.view = View(region, 3)  # type: ignore[arg-type]
    for picture, one in zip(data.pictures["val"], shown, strict=True):
        (slice_,) = as_slices(picture.path)
        seen = classifier.see(slice_, LungMask(segmenter(slice_).mask, slice_.pixels))
        assert torch.equal(stack([seen], 32)[0], one)


def test_a_picture_without_lungs_stays_whole_and_is_counted(
    options: dict[str, Any], tmp_path: Path
) -> None:
    from PIL import Image

    for name in ("COVID", "other"):
        (tmp_path / name).mkdir()
        for n in range(10):
            ramp = np.tile(np.linspace(150, 200 + n, 48).astype(np.uint8), (48, 1))
            Image.fromarray(ramp).save(tmp_path / name / f"{n}.png")
    data = CovidDataModule(**{**options, "data_dir": str(tmp_path), "layout": "folders"})
    data.setup()
    assert data.views["train"].lungless == len(data.pictures["train"]) > 0
    assert data.views["train"].exact[0].shape == (32, 32)


def test_the_split_has_a_hash_and_the_segmenter_a_name(data: CovidDataModule) -> None:
    assert len(data.split_sha256()) == 64
    assert data.segmenter_name == "dark"
    assert len(data.segmenter_sha256) == 64
