"""What stage 2 is trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from covidcls.classifier import CovidClassifier
from covidcls.data.module import CovidDataModule
from covidcls.data.sources import Source
from lungseg.errors import UsageError
from lungseg.io import as_slices
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


def test_parts_that_folders_tell_are_the_split_with_its_test_part(
    covid_layout: Path, options: dict[str, Any], tmp_path: Path
) -> None:
    for part in ("train", "valid", "test"):
        (tmp_path / part).symlink_to(covid_layout / "Images-processed")
    folders = {**options, "data_dir": str(tmp_path)}
    data = CovidDataModule(**folders, layout="folders", positive="CT_COVID")
    data.setup("test")
    assert {part: len(ones) for part, ones in data.pictures.items()} == dict.fromkeys(
        ("train", "val", "test"), 18
    )
    assert data.split() == "as the folders"


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


@pytest.mark.parametrize("augmentation", ["paper", "figure", "style"])
def test_workers_draw_differently(options: dict[str, Any], augmentation: str) -> None:
    data = CovidDataModule(**{**options, "workers": 2, "augmentation": augmentation})
    data.setup()
    roomy = data.views["train"].roomy
    roomy[:] = [roomy[0]] * len(roomy)  # so that a difference is one of draws
    drawn = [one.numpy().tobytes() for batch in data.train_dataloader() for one in batch["picture"]]
    assert len(set(drawn)) > 8


VIEWS = [
    *({"region": region} for region in REGIONS),
    {"normalise": "lung"},
    {"decoding": "neutral"},
    {"channels": "lesion"},
    {"channels": "lesion", "decoding": "neutral", "normalise": "lung", "region": "background"},
    {"fusion": True},
]


@pytest.mark.parametrize("view", VIEWS)
def test_validation_sees_exactly_what_the_classifier_will(
    options: dict[str, Any], view: dict[str, Any], tiny_weights: Path, lesion_weights: Path
) -> None:
    data = CovidDataModule(**{**options, **view, "margin": 3, "weights_dir": str(lesion_weights)})
    data.read("val")
    shown = torch.cat([batch["picture"] for batch in data.val_dataloader()])
    assert shown.shape == ((6, 3, 32, 32) if "channels" in view else (6, 32, 32))
    segmenter = LungSegmenter.from_checkpoint(directory=lesion_weights, device="cpu")
    classifier = CovidClassifier.from_checkpoint(directory=tiny_weights, device="cpu")
    classifier.view = data.view
    for picture, one in zip(data.pictures["val"], shown, strict=True):
        (slice_,) = as_slices(picture.path)
        seen = classifier.see(slice_, segmenter(slice_))
        assert torch.equal(stack([seen.picture], 32)[0], one)


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
    assert data.views["val"].exact[0].picture.shape == (32, 32)


def test_the_split_has_a_hash_and_the_segmenter_a_name(data: CovidDataModule) -> None:
    assert len(data.split_sha256()) == 64
    assert data.segmenter_name == "dark"
    assert len(data.segmenter_sha256) == 64


def test_augmentation_moves_lungs_and_lesion_and_leaves_their_values(
    options: dict[str, Any], lesion_weights: Path
) -> None:
    changes = {"channels": "lesion", "augmentation": "style", "weights_dir": str(lesion_weights)}
    data = CovidDataModule(**{**options, **changes, "decoding": "neutral"})
    data.setup()
    torch.manual_seed(0)
    drawn = torch.cat([batch["picture"] for batch in data.train_dataloader()])
    assert drawn.shape == (12, 3, 32, 32)
    lung, lesion = drawn[:, 1], drawn[:, 2]
    assert set(lung.amax((1, 2)).tolist()) == {1.0}
    whole = (lesion / lung)[lung > 0.9]  # one lesion probability in all of a drawn lung
    assert whole.std() < 0.05
    assert len({float(one.mean()) for one in lung}) > 6


def test_several_sources_validate_each_and_are_drawn_alike(
    options: dict[str, Any], covid_layout: Path, tmp_path: Path
) -> None:
    from PIL import Image

    for name in ("ill", "well"):
        (tmp_path / "mine" / name).mkdir(parents=True)
        for n in range(20):
            ramp = np.tile(np.linspace(150, 200 + n, 48).astype(np.uint8), (48, 1))
            Image.fromarray(ramp).save(tmp_path / "mine" / name / f"{n}.png")
    sources = [
        Source(str(covid_layout), "covid-ct"),
        Source(str(tmp_path / "mine"), "folders", "ill"),
    ]
    data = CovidDataModule(**{**options, "sources": sources, "sampling": "balanced"})
    data.setup()
    validated = torch.cat([batch["source"] for batch in data.val_dataloader()])
    assert validated.tolist() == sorted(validated.tolist())
    assert (validated == 0).sum() == 6
    torch.manual_seed(0)
    drawn = torch.cat([b["source"] for _ in range(12) for b in data.train_dataloader()])
    assert 0.4 < drawn.float().mean() < 0.6
    small = len([one for one in data.pictures["train"] if one.source == covid_layout.name])
    assert small / len(data.pictures["train"]) < 0.35
    assert data.split() == "official, seed 0"


def test_a_fold_that_is_none_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="no fold 5 of 5; give --data.fold 0 to 4"):
        CovidDataModule(**{**options, "fold": 5})


def test_a_fold_of_everything_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="give one of the two"):
        CovidDataModule(**options, fold=0, everything=True)
