"""The predict command: one row a slice, whole files, the right exit code, whatever comes in."""

from __future__ import annotations

import csv
import json
import os
import pickle
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.results import COLUMNS

Predict = Callable[..., tuple[int, str, str]]
Draw = Callable[..., NDArray[np.uint8]]


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "predictions.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert tuple(reader.fieldnames or ()) == COLUMNS
        return list(reader)


def content(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below ``folder`` with its time of change and its bytes."""
    return {
        str(file.relative_to(folder)): (file.stat().st_mtime_ns, file.read_bytes())
        for file in folder.rglob("*")
        if file.is_file()
    }


def assert_refused(result: tuple[int, str, str], *words: str) -> None:
    """Exit code 2, nothing on standard output, one line with ``words`` on standard error."""
    code, said, error = result
    assert (code, said) == (2, "")
    assert error.count("\n") == 1
    assert "Traceback" not in error
    for word in words:
        assert word in error


def test_a_folder_becomes_rows_overlays_and_a_record(
    predict: Predict, slices: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    out = tmp_path / "new" / "out"
    code, said, error = predict(slices, "--out", out, "--batch-size", 3)
    assert (code, error) == (0, "")
    rows = rows_of(out)
    assert [row["path"] for row in rows] == [
        "case/slice.png",
        *[f"slice{number}.png" for number in range(6)],
    ]
    for row in rows:
        assert (row["slice"], row["status"], row["threshold"]) == ("0", "ok", "0.500000")
        assert row["label"] == ("COVID" if float(row["probability"]) >= 0.5 else "non-COVID")
        assert 0 < float(row["lung_fraction"]) < 1
        assert int(row["x_min"]) < int(row["x_max"])
        assert int(row["y_min"]) < int(row["y_max"])
    assert sorted(path.name for path in out.iterdir()) == [
        "cases.csv",
        "overlays",
        "predictions.csv",
        "report.html",
        "run.json",
    ]
    overlays = {str(path.relative_to(out / "overlays")) for path in out.rglob("*.png")}
    assert overlays == {f"{row['path']}.png" for row in rows}
    record = json.loads((out / "run.json").read_text())
    assert record["status"] == {"ok": 7, "no_lung": 0, "not_ct": 0, "unreadable": 0}
    assert (record["operating_point"], record["threshold"]) == ("youden", 0.5)
    assert record["weights"]["segmenter"]["name"] == "dark"
    assert len(record["weights"]["classifier"]["sha256"]) == 64
    assert {"python", "numpy", "torch", "lungseg-covid"} <= record["versions"].keys()
    assert "not a medical device" in record["note"]
    assert "not a medical device" in said
    assert str(out / "predictions.csv") in said


def test_cases_report_and_masks_are_as_the_options_say(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code, said, _ = predict(slices, "--out", out, "--case", "folder", "--masks", "--no-report")
    assert code == 0
    assert "cases              2   COVID" in said
    with (out / "cases.csv").open(encoding="utf-8", newline="") as file:
        cases = list(csv.DictReader(file))
    assert [(row["path"], row["case"], row["ok"]) for row in cases] == [
        ("case", "folder", "1"),
        (".", "folder", "6"),
    ]
    assert not (out / "report.html").exists()
    assert (out / "masks" / "case" / "slice.png.png").is_file()
    assert_refused(predict(out / "masks", "--out", out, "--overwrite"), "the masks of")
    assert predict(slices, "--out", out, "--overwrite", "--no-report")[0] == 0
    assert not (out / "masks").exists()


def test_heat_maps_stand_in_the_overlays_and_change_no_row(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    Image.new("L", (96, 96)).save(slices / "black.png")  # refused, so that there is no map of it
    for name, options in {"plain": (), "heat": ("--heat-map",)}.items():
        assert predict(slices, "--out", tmp_path / name, *options)[0] == 3
    plain, heat = (tmp_path / name for name in ("plain", "heat"))
    assert rows_of(plain) == rows_of(heat)
    for file in plain.rglob("*.png"):
        one, other = (Image.open(path) for path in (file, heat / file.relative_to(plain)))
        assert other.width == one.width * (1 if file.name == "black.png.png" else 2)
    assert '<figure class="pair">' in (heat / "report.html").read_text("utf-8")
    assert_refused(predict(slices, "--out", plain, "--resume", "--heat-map"), "--heat-map")


def test_hu_are_seen_through_the_window_that_was_chosen(
    predict: Predict, slices: Path, tmp_path: Path, drawn_slice: Draw
) -> None:
    import nibabel

    hu = drawn_slice().astype(np.int16) * 5 - 1100
    volume = nibabel.Nifti1Image(hu.T[:, :, None], np.diag([-0.7, -0.7, 2.0, 1]))
    nibabel.save(volume, tmp_path / "ct.nii.gz")
    for name in ("-600,1500", "bone"):
        out = tmp_path / name
        assert predict(tmp_path / "ct.nii.gz", "--out", out, "--window", name)[0] == 0
    shades = [
        np.asarray(Image.open(tmp_path / name / "overlays" / "ct.nii.gz.png"))[5, 5, 0]
        for name in ("-600,1500", "bone")
    ]
    assert shades[0] > shades[1] > 0
    [row] = rows_of(tmp_path / "bone")
    assert float(row["lung_ml"]) == pytest.approx(
        float(row["lung_fraction"]) * 96 * 96 * 0.7 * 0.7 * 2 / 1000, rel=1e-4
    )
    again = (tmp_path / "ct.nii.gz", "--out", tmp_path / "bone", "--resume")
    assert_refused(predict(*again), "--window")


def test_resume_notices_another_card(
    predict: Predict, slices: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(tiny_weights, weights)
    arguments = (slices, "--out", tmp_path / "out", "--weights", weights)
    assert predict(*arguments)[0] == 0
    card = weights / "random-crop.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "threshold": 0.25}))
    assert_refused(predict(*arguments, "--resume"), "the weights or their cards")


def test_json_prints_the_record_and_nothing_else(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    code, said, _ = predict(slices, "--out", tmp_path / "out", "--json", "--no-overlays")
    assert code == 0
    assert json.loads(said) == json.loads((tmp_path / "out" / "run.json").read_text())
    assert not (tmp_path / "out" / "overlays").exists()


def test_one_file_is_an_input_too(predict: Predict, slices: Path, tmp_path: Path) -> None:
    assert predict(slices / "case" / "slice.png", "--out", tmp_path / "out")[0] == 0
    assert [row["path"] for row in rows_of(tmp_path / "out")] == ["slice.png"]


def test_batch_size_and_workers_leave_the_rows_as_they_are(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    for name, arguments in {"a": ("--workers", 0), "b": ("--workers", 3)}.items():
        assert predict(slices, "--out", tmp_path / name, *arguments)[0] == 0
    one, other = (tmp_path / name / "predictions.csv" for name in "ab")
    assert one.read_bytes() == other.read_bytes()


def bad_inputs(folder: Path, picture: NDArray[np.uint8]) -> dict[str, str]:
    """Write every kind of bad input; returns the status that each must get, by name."""
    whole = Image.fromarray(picture)
    whole.save(folder / "good.png")
    data = (folder / "good.png").read_bytes()
    (folder / "truncated.png").write_bytes(data[: len(data) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("this is no picture\n")
    whole.save(folder / "jpeg.png", format="JPEG")
    Image.fromarray(picture[:1, :1]).save(folder / "one_pixel.png")
    Image.fromarray(np.zeros_like(picture)).save(folder / "black.png")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(folder / "photograph.png")
    broken = Image.fromarray(picture)
    broken.save(folder / "stack.tif", save_all=True, append_images=[broken])
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    huge = b"\x89PNG\r\n\x1a\n"
    lines = zlib.compress(b"\0" * 20_001 * 2_000, 1)  # cut off, but nobody should decode it
    for kind, body in ((b"IHDR", header), (b"IDAT", lines), (b"IEND", b"")):
        huge += (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )
    (folder / "huge.png").write_bytes(huge)
    (folder / "notes.txt").write_text("not an input")
    return {
        "black.png": "not_ct",
        "empty.png": "unreadable",
        "good.png": "ok",
        "huge.png": "unreadable",
        "jpeg.png": "ok",
        "one_pixel.png": "not_ct",
        "photograph.png": "not_ct",
        "text.png": "unreadable",
        "truncated.png": "unreadable",
    }


def test_bad_input_gets_its_row_and_the_run_goes_on(
    predict: Predict, tmp_path: Path, drawn_slice: Draw
) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    expected = bad_inputs(folder, drawn_slice())
    code, said, error = predict(folder, "--out", tmp_path / "out", "--batch-size", 2)
    assert (code, error) == (3, "")
    rows = rows_of(tmp_path / "out")
    assert [(row["path"], row["slice"]) for row in rows if row["path"] == "stack.tif"] == [
        ("stack.tif", "0"),
        ("stack.tif", "1"),
    ]
    assert {r["path"]: r["status"] for r in rows if r["path"] != "stack.tif"} == expected
    for row in rows:
        judged = row["status"] == "ok"
        assert bool(row["probability"]) == bool(row["label"]) == bool(row["x_min"]) == judged
        assert bool(row["lung_fraction"]) == (row["status"] != "unreadable")
        if row["status"] in ("unreadable", "not_ct"):
            assert row["message"]
        assert str(tmp_path) not in row["message"]
    assert "unreadable" in said
    assert "truncated.png" in said
    assert "black.png" in said
    assert json.loads((tmp_path / "out" / "run.json").read_text())["ignored_files"] == 1


def test_foreign_pictures_get_no_diagnosis_by_colour_alone(
    predict: Predict, shared_data: Path, tmp_path: Path
) -> None:
    predict(shared_data / "not-chest-ct" / "photo", "--out", tmp_path / "out", "--no-overlays")
    coloured = ("sklearn_china.jpg", "skimage_logo.jpg", "skimage_stereo_motorcycle.jpg")
    status = {row["path"]: row["status"] for row in rows_of(tmp_path / "out")}
    assert {status[name] for name in coloured} == {"not_ct"}


def test_no_slice_of_covid_ct_is_refused_for_its_colour(shared_data: Path) -> None:
    from lungseg.io import read_slices
    from pipelines.guard import refuse_picture

    for file in (shared_data / "covid-ct" / "Images-processed").glob("*/*"):
        for slice_ in read_slices(file):
            assert refuse_picture(slice_) is None, file


def test_missing_or_empty_input_is_wrong_use_and_nothing_is_written(
    predict: Predict, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (tmp_path / "empty").mkdir()
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "notes.txt").write_text("no picture")
    assert_refused(predict(tmp_path / "missing", "--out", out), "missing")
    assert_refused(predict(tmp_path / "empty", "--out", out), "empty")
    assert_refused(predict(tmp_path / "words", "--out", out), "words")
    assert not out.exists()


def test_an_unreadable_folder_is_wrong_use_and_an_unreadable_part_is_told(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    (slices / "case").chmod(0)
    if os.access(slices / "case", os.R_OK):
        pytest.skip("this user, such as root, reads every folder")
    try:
        code, said, _ = predict(slices, "--out", tmp_path / "out")
        assert code == 3
        assert "case" in said
    finally:
        (slices / "case").chmod(0o700)
    slices.chmod(0)
    try:
        assert_refused(predict(slices, "--out", tmp_path / "other"), "slices")
    finally:
        slices.chmod(0o700)


def test_weights_that_are_missing_damaged_or_a_pickle_are_refused(
    predict: Predict, slices: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    def refused(name: str, change: Callable[[Path], object], *words: str) -> None:
        weights = tmp_path / name
        shutil.copytree(tiny_weights, weights)
        change(weights)
        assert_refused(predict(slices, "--out", out, "--weights", weights), *words)
        assert not out.exists()

    assert_refused(predict(slices, "--out", out, "--weights", tmp_path / "none"), "none")
    refused("empty", lambda w: (w / "defaults.json").unlink(), "defaults.json")
    refused("gone", lambda w: (w / "dark.safetensors").unlink(), "dark")
    refused("torn", lambda w: os.truncate(w / "dark.safetensors", 200), "dark")
    refused("words", lambda w: (w / "dark.safetensors").write_text("no weights"), "dark")
    refused(
        "pickle",
        lambda w: (w / "dark.safetensors").write_bytes(pickle.dumps({"a": 1})),
        "pickle",
    )
    refused(
        "foreign",
        lambda w: shutil.copy(w / "random-crop.safetensors", w / "dark.safetensors"),
        "dark",
    )
    refused("card", lambda w: (w / "dark.json").write_text("{"), "dark.json")


def test_an_output_in_the_way_is_refused(predict: Predict, slices: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    before = content(out)
    assert_refused(predict(slices, "--out", out), "not empty", "--resume", "--overwrite")
    assert_refused(predict(slices, "--out", out / "notes.txt"), "notes.txt")
    assert_refused(predict(slices, "--out", out / "notes.txt" / "below"), "notes.txt")
    assert content(out) == before


def test_a_folder_without_permission_to_write_is_refused(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    if os.access(closed, os.W_OK):
        pytest.skip("this user, such as root, writes to every folder")
    assert_refused(predict(slices, "--out", closed), "cannot write", "closed")
    assert_refused(predict(slices, "--out", closed / "below"), "cannot write", "closed")
    assert list(closed.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's read-only /proc")
def test_a_read_only_output_is_refused(predict: Predict, slices: Path) -> None:
    assert_refused(predict(slices, "--out", "/proc/predictions"), "cannot write", "/proc")


def test_overwrite_removes_what_predict_wrote_and_nothing_else(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert predict(slices, "--out", out)[0] == 0
    (out / "notes.txt").write_text("mine")
    (out / "overlays" / "notes.txt").write_text("mine")
    (slices / "slice0.png").unlink()
    assert predict(slices, "--out", out, "--overwrite")[0] == 0
    assert len(rows_of(out)) == 6
    assert not (out / "overlays" / "slice0.png.png").exists()
    assert (out / "overlays" / "slice1.png.png").exists()
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "overlays" / "notes.txt").read_text() == "mine"


def test_overwrite_leaves_an_overlays_folder_of_someone_else(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "out" / "overlays" / "figure.png"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs")
    assert predict(slices, "--out", tmp_path / "out", "--overwrite")[0] == 0
    assert theirs.read_bytes() == b"theirs"


def test_results_never_mix_with_inputs(predict: Predict, slices: Path, tmp_path: Path) -> None:
    before = content(slices)
    assert_refused(predict(slices, "--out", slices, "--overwrite"), "input folder itself")
    assert content(slices) == before
    inside = slices / "predictions"
    for _ in range(2):  # the second time, overlays of the first lie below the input folder
        assert predict(slices, "--out", inside, "--overwrite")[0] == 0
        assert len(rows_of(inside)) == 7
    before = content(inside)
    assert_refused(predict(inside / "overlays", "--out", inside, "--overwrite"), "overlays")
    assert content(inside) == before


def test_resume_starts_anew_where_there_is_nothing(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("missing", "empty"):
        assert predict(slices, "--out", tmp_path / name, "--resume")[0] == 0
        assert len(rows_of(tmp_path / name)) == 7


@pytest.mark.parametrize("exit_code", [0, 3])
def test_resume_changes_nothing_in_a_finished_folder(
    predict: Predict, slices: Path, tmp_path: Path, exit_code: int
) -> None:
    if exit_code == 3:
        (slices / "text.png").write_text("no picture")
    out = tmp_path / "out"
    first = predict(slices, "--out", out)
    before = content(out)
    assert predict(slices, "--out", out, "--resume") == first
    assert first[0] == exit_code
    assert content(out) == before


def test_resume_refuses_to_mix_two_runs(
    predict: Predict, slices: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    out = tmp_path / "out"
    assert predict(slices, "--out", out)[0] == 0
    weights = tmp_path / "weights"
    shutil.copytree(tiny_weights, weights)
    shutil.copy(weights / "random-full.json", weights / "random-crop.json")
    shutil.copy(weights / "random-full.safetensors", weights / "random-crop.safetensors")
    before = content(out)
    again = (slices, "--out", out, "--resume")
    assert_refused(predict(*again, "--batch-size", 3), "--batch-size")
    assert_refused(predict(*again, "--threshold", 0.25), "--threshold")
    assert_refused(predict(*again, "--operating-point", "cost"), "--operating-point")
    assert_refused(predict(*again, "--region", "full"), "--region")
    assert_refused(predict(*again, "--hu-offset", 1024), "--hu-offset")
    assert_refused(predict(*again, "--no-overlays"), "--overlays")
    assert_refused(predict(*again, "--case", "folder"), "--case")
    (slices / "more.png").write_bytes((slices / "slice0.png").read_bytes())
    assert_refused(predict(*again), "input files")
    assert content(out) == before


def test_an_operating_point_that_the_card_lacks_is_refused_before_anything_is_written(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    said = predict(slices, "--out", tmp_path / "out", "--operating-point", "sensitive")
    assert_refused(said, "no operating point 'sensitive'; it has youden")
    assert not (tmp_path / "out").exists()


def test_resume_leaves_rows_of_unknown_origin_alone(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for name in ("predictions.csv", "predictions.csv.part", "run.json"):
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        (out / name).write_text("{}")
        before = content(out)
        assert_refused(predict(slices, "--out", out, "--resume"), "no record of the run")
        assert content(out) == before


def test_odd_file_names_get_their_rows_and_overlays(
    predict: Predict, tmp_path: Path, drawn_slice: Draw
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    names = [
        b"caf\xe9.png",
        b"=1+1.png",
        b'new\nline, "q".png',
        "ü.PNG".encode(),
        b"a" * 251 + b".png",
    ]
    Image.fromarray(drawn_slice()).save(tmp_path / "slice.png")
    for name in names:
        shutil.copy(tmp_path / "slice.png", os.fsencode(folder) + b"/" + name)
    code, said, _ = predict(folder, "--out", tmp_path / "out")
    assert code == 0
    assert {row["path"] for row in rows_of(tmp_path / "out")} == {
        r"caf\xe9.png",
        "./=1+1.png",
        'new\nline, "q".png',
        "ü.PNG",
        "a" * 251 + ".png",
    }
    assert len(list((tmp_path / "out" / "overlays").iterdir())) == 5
    (folder / 'new\nline, "q".png').write_text("no picture")
    code, said, _ = predict(folder, "--out", tmp_path / "out", "--overwrite")
    assert code == 3
    assert "new line" in said


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--batch-size", "0"), "'0' is not a whole number from 1"),
        (("--workers", "-1"), "'-1' is not a whole number from 0"),
        (("--threshold", "1.5"), "'1.5' is not a number from 0 to 1"),
        (("--threshold", "nan"), "'nan' is not a number from 0 to 1"),
        (("--hu-offset", "x"), "not a number"),
        (("--region", "lung"), "lung"),
        (("--device", "tpu"), "tpu"),
        (("--treshold", "0.5"), "did you mean --threshold"),
        (("--resume", "--overwrite"), "not allowed with"),
        (("--timeout", "0"), "'0' is not a number of seconds above 0"),
        (("--window", "lungs"), "'lungs' is no window: give CENTRE,WIDTH"),
        (("--window", "-600,0"), "width above 0"),
        (("--heat-map", "--no-overlays"), "not allowed with"),
        (("--case", "patient"), "invalid choice: 'patient'"),
        (("--operating-point", "best"), "invalid choice: 'best'"),
        (("--operating-point", "cost", "--threshold", "0.5"), "not allowed with"),
    ],
)
def test_wrong_options_are_told_in_one_sentence(
    slices: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    word: str,
) -> None:
    from pipelines.predict import main

    with pytest.raises(SystemExit) as ended:
        main([str(slices), "--out", str(tmp_path / "out"), *arguments])
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert word in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_cuda_is_refused_where_there_is_none(
    predict: Predict, slices: Path, tmp_path: Path
) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    assert_refused(predict(slices, "--out", tmp_path / "out", "--device", "cuda"), "cuda")
    assert not (tmp_path / "out").exists()
