"""Training of stage 2 as a real process, and both trained stages together."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning  # noqa: F401  # now: its log goes to what standard error is at its import
import numpy as np
import pytest
from numpy.typing import NDArray

from covidcls.calibration import Calibration
from covidcls.classifier import CovidClassifier
from pipelines import Prediction, TwoStagePipeline
from pipelines.train_cls import main

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def finished(
    start_training: Start, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str, str]:
    """The folder of a run of one epoch, and what it wrote to standard output and error."""
    folder = tmp_path_factory.mktemp("train-cls")
    process = start_training("train_cls", folder, "--trainer.max_epochs=1")
    said, errors = process.communicate()
    assert process.returncode == 0, errors
    return folder, said, errors


@pytest.fixture(scope="module")
def trained(finished: tuple[Path, str, str]) -> tuple[Path, dict[str, Any]]:
    """The folder of the run, and the card that it printed."""
    return finished[0], json.loads(finished[1])


def test_one_epoch_trains_calibrates_and_exports(trained: tuple[Path, dict[str, Any]]) -> None:
    folder, card = trained
    classifier = CovidClassifier.from_checkpoint("tiny", folder / "weights", device="cpu")
    assert classifier.card == card
    assert (classifier.region, classifier.margin, classifier.size) == ("crop", 5, 64)
    assert classifier.calibration == Calibration.from_card(card)
    assert "COVID-CT" in card["licence"]
    assert 0 <= classifier.threshold <= 1
    assert list(classifier.thresholds) == ["youden", "sensitive", "specific", "cost"]
    assert classifier.thresholds["youden"] == classifier.threshold
    assert classifier.band is not None
    assert list((folder / "cache" / "masks").rglob("*.png"))


def test_the_card_says_what_was_done_and_how_sure_it_is(
    trained: tuple[Path, dict[str, Any]],
) -> None:
    _, card = trained
    training = card["training"]
    assert (training["epochs"], training["steps"], training["seed"]) == (1, 3, 1)
    assert training["started_from"] == "none"
    assert training["train"] == {
        "images": 12,
        "patients": 0,  # no sheet here: a source paper is no patient
        "images_of_unknown_patients": 12,
        "positive": 6,
        "without_lung_found": 0,
    }
    assert training["val"]["images"] == 6
    assert card["segmenter"]["name"] == "dark"
    assert card["figures"].keys() == {"val"}
    assert card["figures"]["val"]["auc"]["n"] == 6
    assert "random forest" in card["floor"]["what"]


def test_the_data_are_audited_before_and_the_floors_stand_beside_the_result(
    finished: tuple[Path, str, str],
) -> None:
    _, said, errors = finished
    audit = json.loads(said)["training"]["audit"]
    assert (audit["findings"], audit["floors"]) == ({}, [])
    assert "COVID-19 has 2 independent" in audit["unmeasured"][0]  # one paper for each part
    lines = errors.splitlines()
    assert any(line.startswith("floor  no floor by cross-validation") for line in lines)
    assert lines[-2].startswith("tiny, val ")
    assert lines[-1].startswith("floor without lungs, val  AUC ")


def test_both_trained_stages_make_a_pipeline(
    trained: tuple[Path, dict[str, Any]],
    tiny_weights: Path,
    tmp_path: Path,
    drawn_slice: Callable[..., NDArray[np.uint8]],
) -> None:
    for file in (*trained[0].glob("weights/tiny.*"), *tiny_weights.glob("dark.*")):
        shutil.copy(file, tmp_path)
    names = {"segmenter": "dark", "classifier": {"crop": "tiny"}}
    (tmp_path / "defaults.json").write_text(json.dumps(names))
    found = TwoStagePipeline.from_checkpoints(tmp_path, device="cpu")(drawn_slice())
    assert isinstance(found, Prediction)
    assert found.status == "ok"
    assert found.probability is not None
    assert 0 <= found.probability <= 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--name=tiny"], "tiny.safetensors exists"),
        (["--name=new", "--model.arch=efficientnet_b4"], "did you mean efficientnet-b4"),
        (["--name=new", "--model.pretrained=gone.pth"], "no file of weights gone.pth"),
        (["--name=new", "--data.segmenter=drak"], "known there are: dark"),
        (["--name=new", "--data.data_dir=gone"], "there is no folder gone"),
        (["--name=new", "--test=true"], "4 of the 4 files of the test split"),
        (["--name=new", "--data.batch_size=64"], "smaller --data.batch_size"),
        (
            ["--name=new", "--data.layout=folders"],
            "is laid out as COVID-CT is published: choose the layout covid-ct",
        ),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(
    trained: tuple[Path, dict[str, Any]],
    covid_layout: Path,
    tiny_weights: Path,
    capsys: pytest.CaptureFixture[str],
    change: list[str],
    words: str,
) -> None:
    folder, _ = trained
    options = [
        f"--runs={folder / 'runs'}",
        f"--export_dir={folder / 'weights'}",
        f"--data.data_dir={covid_layout}",
        f"--data.weights_dir={tiny_weights}",
        f"--data.cache_dir={folder / 'cache'}",
        "--data.size=64",
        "--data.workers=0",
        "--model.arch=tf_efficientnet_lite0",
        "--trainer.accelerator=cpu",
        "--trainer.max_epochs=1",
    ]
    assert main([*options, *change]) == 2
    said = capsys.readouterr()
    assert words in said.err.strip().splitlines()[-1]
    assert "Traceback" not in said.err
    assert said.out == ""
    assert not (folder / "weights" / "new.safetensors").exists()


@pytest.mark.parametrize(("audit", "told"), [("true", True), ("false", False)])
def test_the_audit_can_be_left_out(
    covid_layout: Path,
    tiny_weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    audit: str,
    told: bool,
) -> None:
    options = [
        "--name=new",
        f"--audit={audit}",
        f"--runs={tmp_path / 'runs'}",
        f"--export_dir={tmp_path}",
        f"--data.data_dir={covid_layout}",
        f"--data.weights_dir={tiny_weights}",
        f"--data.cache_dir={tmp_path}",
        "--data.size=64",
        "--data.batch_size=64",  # ends it before the first epoch
        "--data.workers=0",
        "--model.arch=tf_efficientnet_lite0",
        "--trainer.accelerator=cpu",
    ]
    assert main(options) == 2
    assert ("floor  no floor" in capsys.readouterr().err) is told


def test_several_sources_are_read_from_the_command_line(
    covid_layout: Path, tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(covid_layout / "Images-processed", tmp_path / "copy"))
    sources = [
        {"folder": str(covid_layout), "layout": "covid-ct"},
        {"folder": str(copy), "positive": "CT_COVID"},
    ]
    teacher = tmp_path / "teacher.csv"
    slice_ = f"{covid_layout.name}/Images-processed/CT_COVID/2020.train-p0-COVID.png"
    teacher.write_text(f"path,probability\n{slice_},0.7\n")
    options = [
        "--name=both",
        "--report=false",
        f"--runs={tmp_path / 'runs'}",
        f"--export_dir={tmp_path}",
        f"--data.sources={json.dumps(sources)}",
        f"--data.weights_dir={tiny_weights}",
        f"--data.cache_dir={tmp_path}",
        "--data.val_share=0.4",
        "--data.size=32",
        "--data.sampling=balanced",
        "--data.augmentation=style",
        f'--data.soft_labels=["{teacher}"]',
        "--data.workers=0",
        "--model.arch=tf_efficientnet_lite0",
        "--trainer.accelerator=cpu",
        "--trainer.max_epochs=1",
        "--trainer.enable_progress_bar=false",
    ]
    assert main(options) == 0
    card = json.loads(capsys.readouterr().out)
    softened = card["training"]["soft_labels"]
    assert (softened["share"], softened["images"], len(softened["sha256"])) == (0.5, 1, 64)
    assert card["training"]["recipe"]["data"]["soft_labels"] == ["teacher.csv"]
    assert set(card["figures_by_source"]["val"]) == {covid_layout.name, "copy", "mean_auc"}
    assert set(card["floor_by_source"]) == {covid_layout.name, "copy"}
    assert card["training"]["audit"]["findings"]["exact_copy"] > 0  # of one source in the other
    recipe = card["training"]["recipe"]["data"]
    assert [source["folder"] for source in recipe["sources"]] == [covid_layout.name, "copy"]
    assert str(tmp_path) not in json.dumps(card)


@pytest.mark.slow
def test_a_killed_training_goes_on_where_it_was(
    killed_and_resumed: Callable[..., tuple[dict[str, Any], list[int]]], tmp_path: Path
) -> None:
    card, epochs = killed_and_resumed("train_cls", tmp_path)
    assert (card["training"]["epochs"], card["training"]["resumed"]) == (24, True)
    assert sorted(set(epochs)) == list(range(epochs[0], 24))


@pytest.mark.slow
def test_two_processes_train_one_network_and_export_once(
    start_training: Start, tmp_path: Path
) -> None:
    process = start_training(
        "train_cls",
        tmp_path,
        "--trainer.max_epochs=2",
        "--trainer.devices=2",
        "--trainer.strategy=ddp",
        "--data.batch_size=2",
    )
    said, errors = process.communicate()
    assert process.returncode == 0, errors
    card = json.loads(said)
    assert (card["training"]["epochs"], card["training"]["steps"]) == (2, 2 * 3)
    assert card["figures"]["val"]["auc"]["n"] == 6
    # both processes computed masks into the same cache
    assert len(list((tmp_path / "cache").rglob("*.png"))) == 18
    assert not list((tmp_path / "cache").rglob("*.part"))
