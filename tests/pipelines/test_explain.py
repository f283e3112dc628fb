"""The command explain: a row, a map and a score for every slice and classifier."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from lungseg.checkpoint import load_checkpoint, save_checkpoint
from lungseg.errors import UsageError
from lungseg.io import Input
from pipelines import explain_folder as explain_folder_module
from pipelines.explain import main
from pipelines.explain_figures import COLUMNS
from pipelines.explain_folder import Options, explain_folder
from pipelines.read_ahead import read_ahead

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def weights(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny weights, with a head for crops that finds evidence everywhere, and one for full
    slices that finds none."""
    folder = tmp_path_factory.mktemp("explained-weights")
    shutil.copytree(tiny_weights, folder, dirs_exist_ok=True)
    for region, sign in (("crop", 1), ("full", -1)):
        found = load_checkpoint(folder / f"random-{region}.safetensors", "classifier")
        tensors = dict(found.tensors)
        tensors["classifier.weight"] = np.full_like(tensors["classifier.weight"], sign)
        tensors["classifier.bias"] = np.zeros_like(tensors["classifier.bias"])
        save_checkpoint(folder, f"random-{region}", tensors, found.card)
    return folder


@pytest.fixture
def explained(weights: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process on these weights: (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([*map(str, arguments), "--weights", str(weights), "--device", "cpu"])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "explanations.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_folder_becomes_rows_pictures_a_sheet_and_a_record(
    explained: Run, slices: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code, said, error = explained(slices, "--out", out, "--region", "crop", "full")
    assert (code, error) == (0, "")
    rows = rows_of(out)
    assert tuple(rows[0]) == COLUMNS
    assert [(row["path"], row["region"]) for row in rows[:2]] == [
        ("case/slice.png", "crop"),
        ("case/slice.png", "full"),
    ]
    assert len(rows) == 14
    crops, whole = rows[::2], rows[1::2]
    # evidence everywhere: inside the lungs as much as they cover of the crop
    for row in crops:
        assert row["label"] == "COVID"
        assert float(row["evidence"]) > 0
        assert float(row["energy_inside"]) == pytest.approx(float(row["lung_share"]), abs=0.01)
    # no evidence: nowhere, and not spread by chance
    for row in whole:
        assert (row["label"], row["energy_inside"]) == ("non-COVID", "")
        assert float(row["evidence"]) == 0
        assert float(row["lung_share"]) < float(row["box_lung_share"])
    record = json.loads((out / "run.json").read_text())
    crop, full = record["explained"]
    assert (crop["classifier"], crop["method"]) == ("random-crop", "cam")
    assert crop["all"]["seen"]["ratio"]["value"] == pytest.approx(1, abs=0.01)
    assert full["all"]["seen"] == full["called_covid"]["seen"] == {"n": 0}
    assert [one["other"] for one in record["differences"]] == ["random-full"]
    assert "random-crop (crop), cam" in said
    assert sorted(path.name for path in (out / "pictures").rglob("*.png"))[0] == "slice.png.png"
    assert cv2.imread(str(out / "pictures" / "slice0.png.png")).shape == (420, 960, 3)
    assert cv2.imread(str(out / "sheet.png")) is not None


def test_what_is_no_chest_ct_gets_no_map(explained: Run, slices: Path, tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), (250, 20, 20)).save(slices / "a-photo.png")
    (slices / "b-damaged.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    code, said, _ = explained(slices, "--out", tmp_path / "out", "--json")
    assert code == 3
    rows = {row["path"]: row for row in rows_of(tmp_path / "out")}
    assert rows["a-photo.png"]["status"] == "not_ct"
    assert rows["b-damaged.png"]["status"] == "unreadable"
    for name in ("a-photo.png", "b-damaged.png"):
        assert rows[name]["probability"] == rows[name]["energy_inside"] == ""
        assert rows[name]["message"]
        assert not (tmp_path / "out" / "pictures" / f"{name}.png").exists()
    assert json.loads(said)["slices"] == {"ok": 7, "no_lung": 0, "not_ct": 1, "unreadable": 1}


def test_decoding_has_the_workers_and_the_seconds_that_are_given(
    explained: Run, slices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def reading(inputs: Sequence[Input], workers: int, *args: Any, seconds: float) -> Any:
        asked.append((workers, seconds))
        return read_ahead(inputs, workers, *args, seconds=seconds)

    monkeypatch.setattr(explain_folder_module, "read_ahead", reading)
    assert explained(slices, "--out", tmp_path / "a", "--workers", 0, "--timeout", 7)[0] == 0
    assert explained(slices, "--out", tmp_path / "b")[0] == 0
    assert asked == [(0, 7.0), (1, 120.0)]
    assert rows_of(tmp_path / "a") == rows_of(tmp_path / "b")


def test_figures_of_one_input_say_that_they_are(
    explained: Run, slices: Path, tmp_path: Path
) -> None:
    _, said, _ = explained(slices / "slice1.png", "--out", tmp_path / "out")
    assert "one input alone gives intervals without width" in said
    _, said, _ = explained(slices, "--out", tmp_path / "all")
    assert "an interval over 7 inputs is a range, not more" in said


def test_files_are_chosen_by_lists_and_steps(explained: Run, slices: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("slice1.png\nslice3.png\nslice4.png\n")
    out = tmp_path / "out"
    code, _, _ = explained(
        slices, "--out", out, "--names", names, "--every", 2, "--checkpoint", "random-full"
    )
    assert code == 0
    found = [(row["path"], row["classifier"]) for row in rows_of(out)]
    assert found == [("slice1.png", "random-full"), ("slice4.png", "random-full")]


def test_results_of_earlier_runs_are_no_slices(
    explained: Run, slices: Path, tmp_path: Path
) -> None:
    earlier = slices / "earlier"
    assert explained(slices / "slice0.png", "--out", tmp_path / "first")[0] == 0
    (tmp_path / "first").rename(earlier)
    out = tmp_path / "out"
    code, said, _ = explained(slices, "--out", out)
    assert code == 0
    assert [row["path"] for row in rows_of(out) if "earlier" in row["path"]] == []
    assert "1 folders with results of earlier runs left out" in said
    assert json.loads((out / "run.json").read_text())["earlier_results"] == [str(earlier)]
    code, _, error = explained(earlier, "--out", tmp_path / "other")
    assert code == 2
    assert "nothing but the results of earlier runs" in error


def test_another_run_is_not_mixed_with_what_is_there(
    explained: Run, slices: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    one = slices / "slice0.png"
    assert explained(one, "--out", out)[0] == 0
    code, _, error = explained(slices / "slice1.png", "--out", out)
    assert code == 2
    assert "is not empty" in error
    assert explained(slices / "slice1.png", "--out", out, "--overwrite")[0] == 0
    assert [path.name for path in (out / "pictures").iterdir()] == ["slice1.png.png"]


def test_without_a_judged_slice_there_is_no_sheet(
    explained: Run, slices: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert explained(slices / "slice0.png", "--out", out)[0] == 0
    Image.new("L", (96, 96)).save(slices / "slice0.png")
    code, said, _ = explained(slices / "slice0.png", "--out", out, "--overwrite", "--json")
    assert code == 3
    assert json.loads(said)["written"] == {"rows": str(out / "explanations.csv")}
    assert sorted(path.name for path in out.iterdir()) == ["explanations.csv", "run.json"]


def test_inputs_in_the_folder_of_pictures_stay(
    explained: Run, slices: Path, tmp_path: Path
) -> None:
    inputs = shutil.copytree(slices, tmp_path / "study" / "pictures")
    before = sorted(one.name for one in inputs.iterdir())
    for _ in range(2):
        code, _, said = explained(inputs, "--out", inputs.parent, "--overwrite")
        assert code == 2
        assert "pictures is not empty, and no run that is recorded here wrote it" in said
    assert sorted(one.name for one in inputs.iterdir()) == before


def test_overwrite_leaves_a_sheet_of_someone_else(
    explained: Run, slices: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "out" / "sheet.png"
    theirs.parent.mkdir()
    theirs.write_bytes(b"theirs")
    Image.new("L", (96, 96)).save(slices / "slice0.png")
    given = (slices / "slice0.png", "--out", theirs.parent, "--overwrite", "--json")
    code, said, _ = explained(*given)
    assert code == 3
    assert "sheet" not in json.loads(said)["written"]
    assert theirs.read_bytes() == b"theirs"


def test_a_second_run_in_the_same_folder_is_refused(
    weights: Path, slices: Path, tmp_path: Path
) -> None:
    one, out, options = slices / "slice0.png", tmp_path / "out", Options(weights=weights)

    def run_again(*_: int) -> None:
        with pytest.raises(UsageError, match="another run writes to"):
            explain_folder(one, out, options, overwrite=True)

    assert explain_folder(one, out, options, progress=run_again)["slices"]["ok"] == 1
    explain_folder(one, out, options, overwrite=True)  # the first has let it go


def test_classifiers_of_one_name_are_not_mixed(
    explained: Run, slices: Path, tmp_path: Path, weights: Path
) -> None:
    """As the weights of all cells of an ablation are called."""
    files = [tmp_path / cell / "network.safetensors" for cell in ("one", "other")]
    for file, region in zip(files, ("crop", "full"), strict=True):
        file.parent.mkdir()
        for suffix in (".safetensors", ".json"):
            shutil.copy(
                (weights / f"random-{region}").with_suffix(suffix), file.with_suffix(suffix)
            )
    code, said, error = explained(slices, "--out", tmp_path / "out", "--checkpoint", *files)
    assert (code, said, error.count("\n")) == (2, "", 1)
    assert f"{files[0]} and {files[1]} have one name" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--region", "mask"], "names no classifier for region 'mask'"),
        (["--checkpoint", "random-krop"], "there are no weights"),
    ],
)
def test_wrong_use_is_said_before_anything_is_written(
    explained: Run, slices: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    code, _, error = explained(slices, "--out", tmp_path / "out", *arguments)
    assert code == 2
    assert words in error
    assert not (tmp_path / "out").exists()
