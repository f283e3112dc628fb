"""Training of stage 1 as a real process: export, kill and resume, two processes, refusals."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import lightning
import numpy as np
import pytest
import torch

from lungseg.checkpoint import in_half, load_checkpoint
from lungseg.data.module import LungMaskDataModule
from lungseg.segmenter import LungSegmenter
from lungseg.training import network_of
from pipelines.train_seg import main

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def trained(
    start_training: Start, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """The folder of a run of one epoch, and the card that it printed."""
    folder = tmp_path_factory.mktemp("train-seg")
    process = start_training("train_seg", folder, "--trainer.max_epochs=1", "--test=true")
    said, errors = process.communicate()
    assert process.returncode == 0, errors
    return folder, json.loads(said)


def test_one_epoch_trains_and_exports_the_best_state(trained: tuple[Path, dict[str, Any]]) -> None:
    folder, printed = trained
    checkpoint = load_checkpoint(folder / "weights" / "tiny.safetensors", "segmenter")
    assert checkpoint.card == printed
    _, tensors = network_of(folder / "runs" / "tiny" / "best.ckpt")
    for name, value in tensors.items():
        assert torch.equal(
            torch.as_tensor(checkpoint.tensors[name]), in_half(value).to(value.dtype)
        )
    assert sorted(p.name for p in (folder / "weights").iterdir()) == [
        "tiny.json",
        "tiny.safetensors",
    ]


def test_the_card_says_what_was_done(trained: tuple[Path, dict[str, Any]]) -> None:
    _, card = trained
    assert card["architecture"]["network"] == "attention_unet"
    assert card["architecture"]["widths"] == [4, 8, 8, 8, 8, 8]
    training = card["training"]
    assert (training["epochs"], training["epochs_asked"], training["steps"]) == (1, 1, 3)
    assert (training["seed"], training["resumed"], training["precision"]) == (1, False, "32-true")
    assert training["recipe"]["model"]["encoder"] == "plain"
    assert "data_dir" not in training["recipe"]["data"]
    assert training["held_out_patients"] == ["p3"]
    assert training["data"] == {"phantoms": 12}
    for figures in ("validation phantoms", "held-out patients phantoms"):
        assert card["figures"][figures]["dice"]["n"] == 5
        assert card["figures"][figures]["dice"]["n_groups"] == 1
        assert card["figures"][figures]["empty"]["n"] == 1


def test_the_last_epoch_is_kept_where_that_is_asked(start_training: Start, tmp_path: Path) -> None:
    options = ("--trainer.max_epochs=3", "--model.learning_rate=0", "--keep=last")  # none is better
    said, errors = (process := start_training("train_seg", tmp_path, *options)).communicate()
    assert process.returncode == 0, errors
    training = json.loads(said)["training"]
    assert (training["best_epoch"], training["chosen_by"]) == (2, "the last epoch")
    with (tmp_path / "runs" / "tiny" / "csv" / "metrics.csv").open(newline="") as file:
        scores = [row["val/score"] for row in csv.DictReader(file) if row["val/score"]]
    assert training["score"] == pytest.approx(float(scores[-1]), abs=1e-4)


def test_logs_are_written_for_eyes_and_for_programs(trained: tuple[Path, dict[str, Any]]) -> None:
    run = trained[0] / "runs" / "tiny"
    header = (run / "csv" / "metrics.csv").read_text().splitlines()[0]
    assert "val/phantoms/dice" in header
    assert "val/score" in header
    assert list((run / "tensorboard").glob("events.*"))


def test_curves_and_sample_sheets_are_drawn(trained: tuple[Path, dict[str, Any]]) -> None:
    run = trained[0] / "runs" / "tiny"
    assert sorted(p.name for p in (run / "samples").iterdir()) == ["epoch-00.png", "training.png"]
    for name in ("curves.png", "samples/epoch-00.png", "samples/training.png"):
        assert cv2.imread(str(run / name)).std() > 10


def test_the_exported_weights_segment(trained: tuple[Path, dict[str, Any]]) -> None:
    segmenter = LungSegmenter.from_checkpoint("tiny", trained[0] / "weights", device="cpu")
    found = segmenter(np.full((50, 70), 128, np.uint8))
    assert found.mask.shape == (50, 70)
    assert found.lesion is not None


def options(trained: Path, phantom_data: Path, *others: str) -> list[str]:
    return [
        f"--runs={trained / 'runs'}",
        f"--export_dir={trained / 'weights'}",
        f"--data.data_dir={phantom_data}",
        "--data.folder=phantoms",
        f"--data.split={phantom_data / 'split.json'}",
        "--model.widths=[2,2,2,2,2,2]",
        "--trainer.accelerator=cpu",
        "--trainer.max_epochs=1",
        "--data.workers=0",
        *others,
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--name=tiny"], "tiny.safetensors exists"),
        (["--name=tiny", "--resume=true"], "tiny.safetensors exists"),
        (["--name=tiny", "--export_dir=elsewhere"], "--resume true goes on with it"),
        (
            ["--name=tiny", "--export_dir=elsewhere", "--resume=true", "--data.gas=0.5"],
            "data.gas (0.0 before, 0.5 now)",
        ),
        (["--name=new", "--data.split=missing.json"], "missing.json"),
        (["--name=new", "--data.size=100"], "multiple of 32"),
        (["--name=new", "--data.folder=missing"], "missing"),
        (["--name=new", "--data.classes=1"], "--model.classes 2 and --data.classes 1"),
        (["--name=new", "--data.batch_size=64"], "smaller --data.batch_size"),
        (["--name=new", "--model.pretrained=package"], "no pretrained weights"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(
    trained: tuple[Path, dict[str, Any]],
    phantom_data: Path,
    capsys: pytest.CaptureFixture[str],
    change: list[str],
    words: str,
) -> None:
    weights = trained[0] / "weights" / "tiny.safetensors"
    before = weights.read_bytes()
    assert main(options(trained[0], phantom_data, *change)) == 2
    said = capsys.readouterr()
    assert words in said.err.strip().splitlines()[-1]
    assert "Traceback" not in said.err
    assert said.out == ""
    assert weights.read_bytes() == before
    assert not list(trained[0].glob("runs/new/*.ckpt"))


def test_an_unknown_option_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--name=new", "--model.widthz=[2,2]"]) == 2
    said = capsys.readouterr().err
    assert "widthz" in said
    assert "usage" not in said


def test_a_killed_training_goes_on_where_it_was(
    killed_and_resumed: Callable[..., tuple[dict[str, Any], list[int]]], tmp_path: Path
) -> None:
    card, epochs = killed_and_resumed("train_seg", tmp_path)
    assert (card["training"]["epochs"], card["training"]["resumed"]) == (24, True)
    assert card["training"]["steps"] == 24 * 3
    assert sorted(set(epochs)) == list(range(epochs[0], 24))
    assert (tmp_path / "runs" / "tiny" / "csv" / "metrics.csv").is_file()  # the earlier figures


def test_a_killed_training_goes_on_though_only_its_last_epoch_is_validated(
    killed_and_resumed: Callable[..., tuple[dict[str, Any], list[int]]], tmp_path: Path
) -> None:
    averaged = {
        "class_path": "lightning.pytorch.callbacks.EMAWeightAveraging",
        "init_args": {"decay": 0.5},
    }
    card, epochs = killed_and_resumed(
        "train_seg",
        tmp_path,
        "--trainer.check_val_every_n_epoch=24",
        f"--trainer.callbacks={json.dumps([averaged])}",
    )
    assert (card["training"]["best_epoch"], card["training"]["resumed"]) == (23, True)
    assert card["training"]["steps"] == 24 * 3
    assert epochs[0] > 0  # every tenth step is logged


def test_the_last_state_is_of_the_last_epoch_though_the_score_fell(
    start_training: Start, tmp_path: Path
) -> None:
    process = start_training(
        "train_seg", tmp_path, "--trainer.max_epochs=3", "--model.learning_rate=0"
    )
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    last = torch.load(tmp_path / "runs" / "tiny" / "last.ckpt", weights_only=False)
    assert last["epoch"] == 2


def test_two_processes_train_one_network_and_export_once(
    start_training: Start, phantom_data: Path, tmp_path: Path
) -> None:
    process = start_training(
        "train_seg",
        tmp_path,
        "--trainer.max_epochs=2",
        "--trainer.devices=2",
        "--trainer.strategy=ddp",
        "--data.batch_size=2",
    )
    said, errors = process.communicate()
    assert process.returncode == 0, errors
    card = json.loads(said)  # one card, of one export
    assert (card["training"]["epochs"], card["training"]["steps"]) == (2, 2 * 3)
    drawn = sorted(p.name for p in (tmp_path / "runs" / "tiny" / "samples").iterdir())
    assert drawn == ["epoch-00.png", "epoch-01.png", "training.png"]
    module, _ = network_of(tmp_path / "runs" / "tiny" / "best.ckpt")
    split = str(phantom_data / "split.json")
    data = LungMaskDataModule(str(phantom_data), "phantoms", split, size=64, workers=0)
    # the one validation slice without lung was seen by one of both processes only
    trainer = lightning.Trainer(
        default_root_dir=tmp_path, accelerator="cpu", logger=False, enable_progress_bar=False
    )
    (alone,) = trainer.validate(module, data, verbose=False)
    assert card["training"]["score"] == pytest.approx(alone["val/score"], abs=2e-3)
