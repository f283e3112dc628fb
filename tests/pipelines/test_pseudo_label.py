"""The pseudo_label command: a row a picture, masks by content, resumable, told in a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.errors import LungsegError, UsageError
from lungseg.io import find_inputs
from lungseg.metrics import dice
from lungseg.pseudo_labels import Row, mask_file, read_masks, read_rows, read_run
from pipelines.choice import Choice
from pipelines.pseudo_label import main
from pipelines.pseudo_label_folder import pseudo_label_folder

Run = Callable[..., tuple[int, str, str]]
Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture
def label(tiny_weights: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process on the tiny weights: (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([*map(str, arguments), "--weights", str(tiny_weights), "--device", "cpu"])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def rows_of(out: Path) -> dict[str, Row]:
    return {row.path: row for row in read_rows(out)}


def test_a_folder_becomes_rows_masks_a_sheet_and_a_record(
    label: Run, slices: Path, drawn_slice: Draw, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "out"
    code, said, error = label(slices, "--out", out)
    assert (code, error) == (0, "")
    assert "7 of 7 pictures kept" in said
    rows = rows_of(out)
    assert list(rows) == ["case/slice.png", *(f"slice{n}.png" for n in range(6))]
    for row in rows.values():
        assert (row.kept, row.reason, row.lesion_known) == (True, "", False)
        assert row.agreement_lung is not None and row.agreement_lung > 0.95
        lung, lesion = read_masks(mask_file(out, row.sha256))
        assert dice(lung, drawn_slice() == 10) > 0.9
        assert not lesion.any()
    assert rows["slice0.png"].group == rows["slice5.png"].group != rows["case/slice.png"].group
    names = ["masks", "run.json", "sheet.png", "slices.csv"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert cv2.imread(str(out / "sheet.png")) is not None
    told = read_run(out)
    assert told["counts"] == {"pictures": 7, "kept": 7, "lesion_known": 0, "dropped": {}}
    assert (told["segmenter"]["name"], len(told["segmenter"]["sha256"])) == ("dark", 64)


def test_what_is_no_single_slice_with_lungs_is_dropped_with_its_reason(
    label: Run, slices: Path, drawn_slice: Draw, tmp_path: Path
) -> None:
    (slices / "torn.png").write_bytes((slices / "slice1.png").read_bytes()[:100])
    shutil.copy(slices / "slice1.png", slices / "twin.png")
    Image.fromarray(np.tile(np.arange(150, 246, dtype=np.uint8), (96, 1))).save(slices / "grey.png")
    Image.new("RGB", (96, 96), (255, 0, 0)).save(slices / "photograph.png")
    pages = [Image.fromarray(drawn_slice(n)) for n in (200, 210)]
    pages[0].save(slices / "pages.tif", save_all=True, append_images=pages[1:])
    code, said, _ = label(slices, "--out", tmp_path / "out", "--json")
    assert code == 3, "an unreadable picture needs a look"
    assert json.loads(said)["exit_code"] == 3
    dropped = {path: r.reason for path, r in rows_of(tmp_path / "out").items() if not r.kept}
    assert dropped == {
        "torn.png": "unreadable",
        "twin.png": "duplicate",
        "grey.png": "no_lung",
        "photograph.png": "not_ct",
        "pages.tif": "several_slices",
    }


def test_results_of_earlier_runs_are_no_pictures(label: Run, slices: Path, tmp_path: Path) -> None:
    earlier = slices / "earlier"
    label(slices, "--out", tmp_path / "first", "--limit", 1)
    (tmp_path / "first").rename(earlier)
    code, said, _ = label(slices, "--out", tmp_path / "out")
    assert (code, len(rows_of(tmp_path / "out"))) == (0, 7)
    assert "1 folders with results of earlier runs left out" in said
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["earlier_results"] == [str(earlier)]
    code, _, error = label(earlier, "--out", tmp_path / "other")
    assert code == 2
    assert "nothing but the results of earlier runs" in error


def test_filters_are_options(label: Run, drawn_slice: Draw, tmp_path: Path) -> None:
    nearly_sure = drawn_slice()
    nearly_sure[30:40, 52:76] = 70  # lung or not by gamma
    (tmp_path / "in").mkdir()
    Image.fromarray(nearly_sure).save(tmp_path / "in" / "slice.png")
    code, _, _ = label(tmp_path / "in", "--out", tmp_path / "usual")
    assert (code, read_rows(tmp_path / "usual")[0].kept) == (0, True)
    code, _, _ = label(tmp_path / "in", "--out", tmp_path / "strict", "--min-agreement", "0.999")
    assert code == 3, "nothing was kept"
    assert [row.reason for row in read_rows(tmp_path / "strict")] == ["lungs_disagree"]


def test_names_every_and_limit_choose_pictures(label: Run, slices: Path, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("slice1.png\r\nslice3.png\nabsent.png\n\n")
    (tmp_path / "val.txt").write_text("slice4.png\n")
    lists = ("--names", tmp_path / "train.txt", tmp_path / "val.txt")
    label(slices, "--out", tmp_path / "named", *lists)
    assert list(rows_of(tmp_path / "named")) == ["slice1.png", "slice3.png", "slice4.png"]
    (tmp_path / "train.txt").write_text("case/slice.png\nslice1.png\n")
    label(slices, "--out", tmp_path / "path", *lists[:2])
    assert list(rows_of(tmp_path / "path")) == ["case/slice.png", "slice1.png"]
    label(slices, "--out", tmp_path / "few", "--every", 3, "--limit", 2)
    assert list(rows_of(tmp_path / "few")) == ["case/slice.png", "slice2.png"]


def test_a_name_of_two_pictures_is_refused(slices: Path, tmp_path: Path) -> None:
    for folder in ("COVID", "other"):
        (slices / folder).mkdir()
        shutil.copy(slices / "slice1.png", slices / folder / "held-out.png")
    names = tmp_path / "names.txt"
    names.write_text("held-out.png\n")
    files = find_inputs(slices).files
    with pytest.raises(UsageError, match="held-out.png is 2 pictures; write more of their paths"):
        Choice((names,)).of(files)
    names.write_text("other/held-out.png\n")
    assert Choice((names,)).of(files) == [slices / "other" / "held-out.png"]


def test_a_run_that_was_cut_off_goes_on_to_the_same_result(
    slices: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    def run(out: str, **options: object) -> None:
        pseudo_label_folder(slices, tmp_path / out, weights=tiny_weights, device="cpu", **options)  # type: ignore[arg-type]

    def stop(done: int, total: int) -> None:
        assert total == 7
        if done == 3:
            raise KeyboardInterrupt

    run("whole")
    with pytest.raises(KeyboardInterrupt):
        run("cut", progress=stop)
    part = tmp_path / "cut" / "slices.csv.part"
    assert part.read_text().count("\n") == 1 + 3
    with pytest.raises(UsageError, match="no finished pseudo-labels"):
        read_rows(tmp_path / "cut")
    part.write_bytes(part.read_bytes() + b"slice2.png,ab")  # a torn row
    early = {f: f.stat().st_mtime_ns for f in (tmp_path / "cut" / "masks").iterdir()}
    run("cut", resume=True)
    whole, cut = (
        {f.relative_to(tmp_path / out): f.read_bytes() for f in (tmp_path / out).rglob("*.*g")}
        | {"rows": (tmp_path / out / "slices.csv").read_bytes()}
        for out in ("whole", "cut")
    )
    assert whole == cut
    assert {f: f.stat().st_mtime_ns for f in early} == early, "what was done is not done again"
    assert not part.exists()


@pytest.fixture
def run(slices: Path, tiny_weights: Path, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """The library call on the slices, into ``out``."""
    out = tmp_path / "out"
    return partial(pseudo_label_folder, slices, out, weights=tiny_weights, device="cpu")


def test_a_share_that_drops_out_ends_the_run_and_it_resumes(
    run: Callable[..., dict[str, Any]], slices: Path, tmp_path: Path
) -> None:
    def drop_out(done: int, _: int) -> None:
        if done == 3:
            slices.rename(tmp_path / "elsewhere")

    with pytest.raises(LungsegError, match=f"{slices} has gone"):
        run(progress=drop_out)
    (tmp_path / "elsewhere").rename(slices)
    run(resume=True)
    assert [row.kept for row in read_rows(tmp_path / "out")] == [True] * 7


def test_a_second_run_in_the_same_folder_is_refused(
    run: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    def run_again(done: int, _: int) -> None:
        if done == 3:
            with pytest.raises(UsageError, match="another run writes to"):
                run(resume=True)

    run(progress=run_again)
    assert len(read_rows(tmp_path / "out")) == 7
    run(overwrite=True)  # the first has let it go


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing"], "missing does not exist"),
        (["slices", "--out", "slices/labels"], "lies among the inputs"),
        (["slices", "--checkpoint", "drak"], "known there are: dark"),
        (["slices", "--names", "absent.txt"], "cannot read the list of names absent.txt"),
        (["slices", "--names", "empty.txt"], "no picture has a name in empty.txt"),
        (["slices", "--out", "full"], "full is not empty"),
    ],
)
def test_wrong_use_is_one_sentence_and_writes_nothing(
    label: Run,
    slices: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    before = sorted(tmp_path.rglob("*"))
    code, said, error = label(*arguments)
    assert (code, said) == (2, "")
    assert error.count("\n") == 1
    assert words in error
    assert sorted(tmp_path.rglob("*")) == before


def test_other_options_do_not_go_on_with_a_run(label: Run, slices: Path, tmp_path: Path) -> None:
    label(slices, "--out", tmp_path / "out")
    code, said, _ = label(slices, "--out", tmp_path / "out", "--resume", "--json")
    assert (code, json.loads(said)["counts"]["kept"]) == (0, 7)
    code, _, error = label(slices, "--out", tmp_path / "out", "--resume", "--min-agreement", "0.5")
    assert code == 2
    assert "--min-agreement (0.95 before, 0.5 now)" in error


@pytest.mark.parametrize("argument", ["--every=0", "--limit=x", "--min-agreement=1.5", "--seed=-1"])
def test_numbers_out_of_range_are_refused(argument: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["slices", argument])


def test_shipped_weights_label_phantoms(tmp_path: Path) -> None:
    from lungseg.phantom import display, make_phantom

    chest = make_phantom(0.5, size=128, seed=3, lesions=0.2)
    neck = make_phantom(-0.25, size=128, seed=3)
    (tmp_path / "in").mkdir()
    for name, phantom in (("chest", chest), ("neck", neck)):
        Image.fromarray(display(phantom.hu)).save(tmp_path / "in" / f"{name}.png")
    pseudo_label_folder(tmp_path / "in", tmp_path / "out", device="cpu")
    rows = rows_of(tmp_path / "out")
    lung, _ = read_masks(mask_file(tmp_path / "out", rows["chest.png"].sha256))
    assert dice(lung, chest.lung) > 0.9
    assert rows["chest.png"].agreement_lesion is not None
    assert not rows["neck.png"].kept
