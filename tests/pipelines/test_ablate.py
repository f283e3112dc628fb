"""The command ablate on drawn slices and tiny networks: cells, table, going on, refusals."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lightning  # noqa: F401  # now: its log goes to what standard error is at its import
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image

from covidcls.ablation.plan import Plan
from covidcls.ablation.report import COLUMNS
from lungseg.errors import LungsegError, UsageError
from pipelines.ablate import main
from pipelines.ablate_cells import train_here
from pipelines.ablate_study import ablate


@pytest.fixture(scope="module")
def class_folders(
    tmp_path_factory: pytest.TempPathFactory, drawn_slice: Callable[..., NDArray[np.uint8]]
) -> Path:
    """COVID and NonCOVID, 16 drawn slices each, no two of them alike; COVID is brighter."""
    root = tmp_path_factory.mktemp("class-folders")
    rng = np.random.default_rng(0)
    for name, shade in (("COVID", 150), ("NonCOVID", 100)):
        (root / name).mkdir()
        for number in range(16):
            tissue = np.kron(rng.integers(0, 80, (8, 8)), np.ones((12, 12))).astype(np.uint8)
            drawn = drawn_slice(shade)
            picture = np.where(drawn == shade, drawn + tissue, drawn)
            Image.fromarray(picture).save(root / name / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def recipe(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Two epochs of a small network on 32 x 32 pixels, as the shipped plans keep the last."""
    return {
        "trainer": {
            "max_epochs": 2,
            "check_val_every_n_epoch": 2,
            "accelerator": "cpu",
            "precision": "32-true",
        },
        "model": {"arch": "tf_efficientnet_lite0"},
        "data": {
            "weights_dir": str(tiny_weights),
            "cache_dir": str(tmp_path_factory.mktemp("cache")),
            "size": 32,
            "batch_size": 4,
            "val_share": 0.5,
            "workers": 0,
        },
    }


class InThisProcess:
    """``train_cls`` without a process of its own; ``trained`` are the cells in their order."""

    def __init__(self) -> None:
        self.trained: list[str] = []

    def __call__(self, arguments: Sequence[str], log: Path) -> int:
        self.trained.append(log.parent.name)
        return train_here(arguments, log)


@pytest.fixture(scope="module")
def study(
    class_folders: Path, recipe: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any], InThisProcess]:
    """The folder of an ablation of two regions and two seeds, its record, and who trained it."""
    out, train = tmp_path_factory.mktemp("study") / "out", InThisProcess()
    plan = Plan(("full", "crop"), seeds=(1, 2), recipe=recipe)
    return out, ablate(plan, class_folders, out, "folders", train=train), train


def test_every_cell_is_trained_judged_and_kept_without_its_states(
    study: tuple[Path, dict[str, Any], InThisProcess],
) -> None:
    out, record, train = study
    assert train.trained == ["full-seed1", "crop-r5-seed1", "full-seed2", "crop-r5-seed2"]
    for name in train.trained:
        folder = out / "cells" / name
        card = json.loads((folder / "network.json").read_text())
        assert (card["region"], card["training"]["seed"]) == (
            name.split("-")[0],
            int(name[-1]),
        )
        assert card["training"]["best_epoch"] == 1  # none was chosen
        assert not list(folder.rglob("*.ckpt"))
        with (folder / "predictions.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == record["n_images"] == card["figures"]["val"]["auc"]["n"]
        assert {row["path"].split("/")[0] for row in rows} == {"COVID", "NonCOVID"}


def test_the_table_agrees_with_the_cards(
    study: tuple[Path, dict[str, Any], InThisProcess],
) -> None:
    out, record, _ = study
    cards = [
        json.loads((out / "cells" / f"crop-r5-seed{seed}" / "network.json").read_text())
        for seed in (1, 2)
    ]
    full, crop = record["rows"]
    assert crop["auc_of_seeds"] == [card["figures"]["val"]["auc"]["value"] for card in cards]
    assert crop["against"]["p_holm"] is not None
    assert full["against"] is None
    assert record["floors"][0]["value"] == cards[0]["floor"]["value"]


def test_table_and_figures_are_written(
    study: tuple[Path, dict[str, Any], InThisProcess],
) -> None:
    out, record, _ = study
    assert json.loads((out / "table.json").read_text()) == record
    with (out / "table.csv").open(newline="") as file:
        assert tuple(next(csv.reader(file))) == COLUMNS
    said = (out / "table.md").read_text()
    assert "| crop-r5 |" in said
    assert "background is no row here" in said
    assert "(calibrated by: other patients)" in said
    assert (out / "roc.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_done_is_used_again_and_what_is_not_is_trained(
    study: tuple[Path, dict[str, Any], InThisProcess],
    class_folders: Path,
    recipe: dict[str, Any],
) -> None:
    out, record, _ = study
    train = InThisProcess()
    predictions = out / "cells" / "crop-r5-seed2" / "predictions.csv"
    kept = predictions.read_bytes()
    predictions.unlink()  # as if killed after the training
    again = ablate(
        Plan(("full", "crop"), seeds=(1, 2), recipe=recipe),
        class_folders,
        out,
        "folders",
        train=train,
    )
    assert again == record
    assert predictions.read_bytes() == kept
    assert train.trained == []


def test_cells_without_weights_give_the_table_where_the_data_lie_elsewhere(
    study: tuple[Path, dict[str, Any], InThisProcess],
    class_folders: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
) -> None:
    out, record, _ = study
    kept, moved = tmp_path / "kept", tmp_path / "elsewhere" / class_folders.name
    shutil.copytree(out / "cells", kept / "cells", ignore=shutil.ignore_patterns("*.safetensors"))
    shutil.copytree(class_folders, moved)
    plan, train = Plan(("full", "crop"), seeds=(1, 2), recipe=recipe), InThisProcess()
    again = ablate(plan, moved, kept, "folders", train=train)
    assert train.trained == []
    assert {**again, "written": None} == {**record, "written": None}

    one = next((moved / "COVID").iterdir())
    shutil.copy(one, one.with_stem("another"))
    with pytest.raises(UsageError, match="patients changed since full-seed1 was trained; remove"):
        ablate(plan, moved, kept, "folders", train=train)


def test_folds_judge_every_slice_once(
    class_folders: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    train = InThisProcess()
    plan = Plan(("full",), seeds=(1,), folds=2, recipe=recipe)
    record = ablate(plan, class_folders, tmp_path / "out", "folders", train=train)
    assert train.trained == ["full-seed1-fold0", "full-seed1-fold1"]
    paths = [
        line.split(",")[0]
        for name in train.trained
        for line in (tmp_path / "out" / "cells" / name / "predictions.csv").read_text().split()[1:]
    ]
    assert len(paths) == len(set(paths)) == record["n_images"] == 32
    assert record["floors"][0]["low"] is None
    assert record["calibrated_by"] == "other folds"
    assert record["rows"][0]["ece_of_folds"] is not None


def test_a_table_says_whose_slices_they_are(
    class_folders: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    """Four slices a patient, in one part each; cells are used again where table and data moved."""
    rows = [f"{c}/{n}.png,{c}-{n // 4}" for c in ("COVID", "NonCOVID") for n in range(16)]
    table = tmp_path / "patients.csv"
    table.write_text("\n".join(["file,patient", *rows]))
    plan, train = Plan(("full",), seeds=(1,), recipe=recipe), InThisProcess()
    arguments: dict[str, Any] = {"layout": "folders", "train": train}
    record = ablate(plan, class_folders, tmp_path / "out", **arguments, patients=table)
    assert record["data"]["judged_on"] == "validation by patient"
    assert record["clustered_by"] == "patient"
    assert record["n_images"] == 4 * record["n_groups"]
    moved = table.rename(tmp_path / "out" / "patients.csv")
    again = ablate(plan, class_folders, tmp_path / "out", **arguments, patients=moved)
    assert again == record
    assert len(train.trained) == 1


def test_finished_cells_are_used_again_whatever_calibrated_them(tmp_path: Path) -> None:
    """Cells as they were kept before a calibration had an intercept; nothing is trained or judged.
    Each fold has a temperature of its own, which is undone. One cell was resumed, and killed before
    it had removed its states."""
    data, cells = tmp_path / "data", tmp_path / "out" / "cells"
    rng = np.random.default_rng(0)
    labels, folds = np.arange(200) % 2, np.arange(200) // 2 % 5
    for name in ("NonCOVID", "COVID"):
        (data / name).mkdir(parents=True)
        for number in np.flatnonzero(labels == (name == "COVID")):
            (data / name / f"{number}.png").touch()
    for row, effect in (("full", 1.0), ("crop-r5", 2.0)):
        logits = rng.normal(effect * labels + 1, 1)  # too high by 1 and more
        for fold in range(5):
            folder, temperature = cells / f"{row}-seed1-fold{fold}", 1.0 + fold
            folder.mkdir(parents=True)
            floor = {"what": "forest", "value": 0.6, "low": 0.5, "high": 0.7}
            training: dict[str, Any] = {"minutes": 1}  # as before it said whether it was resumed
            if (row, fold) == ("crop-r5", 3):
                training = {"minutes": None, "resumed": True}
                (folder / "runs" / "network").mkdir(parents=True)
            card = {"temperature": temperature, "floor": floor, "training": training}
            (folder / "network.json").write_text(json.dumps(card))
            own = np.flatnonzero(folds == fold)
            lines = [
                f"{('NonCOVID', 'COVID')[labels[i]]}/{i}.png,{labels[i]},file:{i},"
                f"{float(1 / (1 + np.exp(-logits[i] / temperature)))!r}"
                for i in own
            ]
            kept = "\n".join(["path,truth,patient,probability", *lines, ""])
            (folder / "predictions.csv").write_text(kept)
    train = InThisProcess()
    plan = Plan(("full", "crop"), seeds=(1,), folds=5)
    record = ablate(plan, data, tmp_path / "out", "folders", train=train)
    assert train.trained == []
    assert not list(cells.glob("*/runs"))
    assert (record["n_images"], record["calibrated_by"]) == (200, "other folds")
    assert (record["n_cells"], record["n_resumed"]) == (10, 1)
    full, crop = record["rows"]
    assert crop["auc"]["value"] > full["auc"]["value"]
    for row in (full, crop):
        assert row["slope"]["value"] == pytest.approx(1, abs=0.25)
        assert row["intercept"]["value"] == pytest.approx(0, abs=0.1)
        assert row["ece"]["value"] < 2 * row["ece_by_chance"]
        assert row["ece_of_folds"] > row["ece_by_chance"]
    chosen = record["chosen_on_folds"]["crop-r5"]
    assert chosen["threshold_chosen_by"].startswith("Youden on the validation slices of 5 folds")
    assert chosen["calibration"]["intercept"] < -1  # of the logits, not of what the cards made
    assert "(calibrated by: other folds)" in (tmp_path / "out" / "table.md").read_text()


def test_cells_of_another_recipe_are_refused_by_name(
    study: tuple[Path, dict[str, Any], InThisProcess],
    class_folders: Path,
    recipe: dict[str, Any],
) -> None:
    out, _, _ = study
    other = {**recipe, "model": {**recipe["model"], "mixup": 0.5}}
    with pytest.raises(UsageError, match=r"another model\.mixup \(None before, 0\.5 now\)"):
        ablate(Plan(("full",), seeds=(1,), recipe=other), class_folders, out, "folders")


def test_cells_of_two_stages_one_make_no_table(
    study: tuple[Path, dict[str, Any], InThisProcess],
    class_folders: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
) -> None:
    out, record, _ = study
    [segmenter] = record["segmenters"]
    assert segmenter["name"] == "dark"
    plan, train = Plan(("full", "crop"), seeds=(1, 2), recipe=recipe), InThisProcess()
    shutil.copytree(out, tmp_path / "out")
    file = tmp_path / "out" / "cells" / "full-seed2" / "network.json"
    card = json.loads(file.read_text())
    card["segmenter"]["sha256"] = "0" * 64
    file.write_text(json.dumps(card))
    words = r"full-seed2 saw the lungs of another stage 1 \(000000000000\) than full-seed1 \("
    with pytest.raises(UsageError, match=words):
        ablate(plan, class_folders, tmp_path / "out", "folders", train=train)
    assert train.trained == []


def test_a_training_that_fails_says_why(
    class_folders: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    def failing(code: int, states: bool) -> Callable[[Sequence[str], Path], int]:
        def train(arguments: Sequence[str], log: Path) -> int:
            log.write_text("first\nno such network; did you mean another?\n")
            if states:
                (log.parent / "runs").mkdir()
            return code

        return train

    plan = Plan(("full",), seeds=(1,), recipe=recipe)
    folder = tmp_path / "out" / "cells" / "full-seed1"
    with pytest.raises(UsageError, match="full-seed1 was not trained: no such network"):
        ablate(plan, class_folders, tmp_path / "out", "folders", train=failing(2, False))
    assert not folder.exists()
    with pytest.raises(LungsegError, match=r"all is in .*log\.txt"):
        ablate(plan, class_folders, tmp_path / "out", "folders", train=failing(1, True))
    assert (folder / "runs").is_dir()


def test_the_command_trains_in_a_process_and_prints_the_table(
    class_folders: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump({"recipe": recipe}))
    options: dict[str, Any] = {
        "--data": class_folders,
        "--layout": "folders",
        "--config": tmp_path / "plan.yaml",
        "--regions": "full",
        "--seeds": 1,
        "--out": tmp_path / "out",
    }
    given = [str(part) for pair in options.items() for part in pair]
    assert main(given) == 0
    said = capsys.readouterr()
    assert said.out.startswith(
        f"# {class_folders.name}, validation by file, whose patients are unknown\n"
    )
    assert said.err.splitlines()[0] == "training 1 of 1: full-seed1"
    assert "Trainer" in (tmp_path / "out" / "cells" / "full-seed1" / "log.txt").read_text()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--data", "gone"], "there is no folder gone"),
        (["--data", "gone", "--layout", "covid-ct"], "there is no folder gone"),
        (["--layout", "covid-ct"], "should hold Data-split/"),
        (["--layout", "covid-ct", "--positive", "banana"], "would only be another name"),
        (["--patients", "gone.csv"], "cannot read the patients in gone.csv"),
        (["--layout", "covid-ct", "--patients", "gone.csv"], "names its patients as COVID-CT does"),
        (["--config", "gone.yaml"], "there is no file gone.yaml"),
        (["--against", "ful"], "there is no row 'ful' to test against; rows: full, crop-r5"),
        (["--out", "."], "has other things than cells"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(
    class_folders: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: list[str],
    words: str,
) -> None:
    given = ["--data", str(class_folders), "--layout", "folders", "--out", str(tmp_path / "out")]
    assert main([*given, *change]) == 2
    said = capsys.readouterr()
    assert words in said.err.strip().splitlines()[-1]
    assert said.out == ""
    assert not (tmp_path / "out").exists()


def test_results_do_not_go_among_the_data(
    class_folders: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--data", str(class_folders), "--layout", "folders"]
    assert main([*given, "--out", str(class_folders / "out")]) == 2
    assert "lies in the data" in capsys.readouterr().err
    assert not (class_folders / "out").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rows": {"soft": {"model.mixupp": 0.1}}}, "soft cannot be trained: Group 'model' does"),
        ({"rows": {"b5": {"model.arch": "efficientnet-b5"}}}, "unknown architecture"),
        ({"rows": {"big": {"data.size": "large"}}}, "data.size.* large"),
        ({"rows": {"five": {"model": 5}}}, "five cannot be trained: model should be options"),
        ({"rows": {"two": {"data.sources": []}}}, "leave data.sources out of its plan"),
        ({"recipe": {"data": {"sources": []}}}, "leave data.sources out of its plan"),
    ],
)
def test_the_last_row_is_checked_before_the_first_training(
    class_folders: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
    change: dict[str, Any],
    words: str,
) -> None:
    train = InThisProcess()
    plan = Plan(**{"regions": ("full",), "seeds": (1,), "recipe": recipe, **change})
    with pytest.raises(UsageError, match=words):
        ablate(plan, class_folders, tmp_path / "out", "folders", train=train)
    assert train.trained == []
    assert not (tmp_path / "out").exists()


def test_what_is_trained_is_judged_before_the_next_training(
    class_folders: Path, recipe: dict[str, Any], tmp_path: Path
) -> None:
    cells = tmp_path / "out" / "cells"
    judged: list[bool] = []

    def train(arguments: Sequence[str], log: Path) -> int:
        judged.append((cells / "full-seed1" / "predictions.csv").is_file())
        return train_here(arguments, log) if log.parent.name == "full-seed1" else 1

    plan = Plan(("full", "crop"), seeds=(1,), recipe=recipe)
    with pytest.raises(LungsegError, match="crop-r5-seed1 was not trained"):
        ablate(plan, class_folders, tmp_path / "out", "folders", train=train)
    assert judged == [False, True]


def test_an_interrupted_training_ends_with_1_and_says_how_to_go_on(
    class_folders: Path, recipe: dict[str, Any], tmp_path: Path, repository: Path
) -> None:
    long = {**recipe, "trainer": {**recipe["trainer"], "max_epochs": 500}}
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump({"recipe": long, "regions": ["full"]}))
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pipelines.ablate", "--data", str(class_folders)),
            *("--layout", "folders", "--config", str(tmp_path / "plan.yaml")),
            *("--out", str(tmp_path / "out")),
        ],
        cwd=repository,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "training 1 of 3: full-seed1\n"
    process.terminate()
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.strip() == "interrupted; the same command goes on"
