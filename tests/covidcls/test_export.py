"""From a training to a card: what a fusion and several sources leave in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pytest
from PIL import Image

from covidcls.classifier import CovidClassifier
from covidcls.data.learned import learned_hashes, overlap, read_learned
from covidcls.data.module import CovidDataModule
from covidcls.data.sources import Source
from covidcls.data.terms import COVID_CT
from covidcls.export import CALIBRATED_ON, FUSED_ON, export_classifier
from covidcls.training import CovidModule
from lungseg.errors import UsageError
from lungseg.io import as_slices
from lungseg.segmenter import LungSegmenter
from lungseg.whole_file import write_whole

TrainerOf = Callable[[Path], lightning.Trainer]


@pytest.fixture(scope="module")
def sources(covid_layout: Path, tmp_path_factory: pytest.TempPathFactory, drawn_slice: Any) -> Any:
    folder = tmp_path_factory.mktemp("sources") / "mine"
    for name in ("COVID", "other"):
        (folder / name).mkdir(parents=True)
        for n in range(10):
            drawn = drawn_slice(100 + 5 * n)
            drawn[drawn == 10] = 12 + 2 * n + 8 * (name == "COVID")
            Image.fromarray(drawn).save(folder / name / f"{n}.png")
    return [Source(str(covid_layout), "covid-ct"), Source(str(folder))]


@pytest.fixture(scope="module")
def exported(
    sources: Any,
    lesion_weights: Path,
    tmp_path_factory: pytest.TempPathFactory,
    trainer_of: TrainerOf,
) -> tuple[CovidDataModule, dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("exported")
    data = CovidDataModule(
        sources=sources,
        fusion=True,
        channels="lesion",
        normalise="lung",
        decoding="neutral",
        weights_dir=str(lesion_weights),
        cache_dir=str(folder),
        size=32,
        batch_size=6,
        workers=0,
    )
    trainer = trainer_of(folder)
    trainer.fit(CovidModule("lesion_share", learning_rate=0.1), data)
    trainer.save_checkpoint(folder / "state.ckpt")
    card = export_classifier(folder / "state.ckpt", data, folder, "fused", {"seed": 1})
    return data, card, folder


def test_the_card_says_what_was_seen_and_where_from(
    exported: tuple[CovidDataModule, dict[str, Any], Path], covid_layout: Path
) -> None:
    _, card, _ = exported
    seen = [card[key] for key in ("region", "margin", "normalise", "decoding", "channels")]
    assert seen == ["crop", 5, "lung", "neutral", "lesion"]
    assert card["training"]["data"] == f"{covid_layout.name}, mine"
    assert card["training"]["split"] == "official, seed 0"
    assert COVID_CT in card["licence"]
    assert "mine (a folder of its user" in card["licence"]
    by_source = card["figures_by_source"]["val"]
    assert by_source.keys() == {covid_layout.name, "mine", "mean_auc"}
    aucs = [by_source[name]["auc"]["value"] for name in (covid_layout.name, "mine")]
    assert by_source["mean_auc"] == pytest.approx(np.mean(aucs), abs=1e-4)


def test_what_was_trained_on_lies_beside_the_weights(
    exported: tuple[CovidDataModule, dict[str, Any], Path],
) -> None:
    data, card, folder = exported
    hashes = {part: learned_hashes(pictures) for part, pictures in data.pictures.items()}
    learned = read_learned(folder / "fused.safetensors", card)
    assert learned == set(hashes["train"])
    assert card["learned"]["slices"] == len(learned) == len(hashes["train"])
    assert overlap(hashes["val"], learned) == 0


def test_the_card_comes_last_and_once(
    exported: tuple[CovidDataModule, dict[str, Any], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who finds it finds all that belongs to it, whenever the training was killed."""
    data, _, folder = exported
    out, lay = tmp_path / "out", []

    def write(file: Path, content: bytes) -> None:
        if file.parent == out:
            lay.append((file.name, {one.name for one in out.iterdir()}))
        write_whole(file, content)

    for module in ("lungseg.checkpoint", "lungseg.whole_file", "covidcls.data.learned"):
        monkeypatch.setattr(f"{module}.write_whole", write)  # a kill cannot be timed
    export_classifier(folder / "state.ckpt", data, out, "fused", {"seed": 1})
    assert [name for name, _ in lay].count("fused.json") == 1
    assert lay[-1] == ("fused.json", {"fused.learned", "fused.safetensors"})


def test_the_fusion_is_used_as_it_was_fitted(
    exported: tuple[CovidDataModule, dict[str, Any], Path], lesion_weights: Path
) -> None:
    data, card, folder = exported
    assert card["fusion"]["fitted_on"] == FUSED_ON
    assert card["calibration"]["fitted_on"] == CALIBRATED_ON
    classifier = CovidClassifier.from_checkpoint(folder / "fused.safetensors", device="cpu")
    segmenter = LungSegmenter.from_checkpoint(directory=lesion_weights, device="cpu")
    seen = []
    for picture in data.pictures["val"]:
        (one,) = as_slices(picture.path)
        seen.append(classifier.see(one, segmenter(one)))
    from_files = classifier.predict(seen)
    assert from_files == pytest.approx(classifier.predict(data.views["val"].exact), abs=1e-6)
    assert classifier.fusion is not None
    classifier.fusion = None
    assert from_files != pytest.approx(classifier.predict(seen), abs=1e-3)


def test_a_network_that_needs_lesions_is_refused_grey_pictures(
    sources: Any, lesion_weights: Path, tmp_path: Path, trainer_of: TrainerOf
) -> None:
    data = CovidDataModule(
        sources=sources,
        weights_dir=str(lesion_weights),
        cache_dir=str(tmp_path),
        size=32,
        batch_size=6,
        workers=0,
    )
    with pytest.raises(UsageError, match="lesion_share looks at lesion channels.*grey"):
        trainer_of(tmp_path).fit(CovidModule("lesion_share"), data)
