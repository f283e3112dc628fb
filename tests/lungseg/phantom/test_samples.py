"""The sample files: what is in them, that they agree with their table, and where they may go."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from lungseg.errors import UsageError
from lungseg.phantom.samples import COLUMNS, HU_OFFSET, make_samples, write_samples
from pipelines.make_samples import main


@pytest.fixture(scope="module")
def samples() -> dict[str, bytes]:
    return make_samples(0)


@pytest.fixture(scope="module")
def truth(samples: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(samples["truth.csv"].decode())))


def test_the_table_has_a_row_for_every_slice(
    samples: dict[str, bytes], truth: list[dict[str, str]]
) -> None:
    assert tuple(truth[0]) == COLUMNS
    pages = [
        (path, str(page))
        for path, content in samples.items()
        if not path.endswith((".md", ".csv"))
        for page in range(getattr(Image.open(io.BytesIO(content)), "n_frames", 1))
    ]
    assert [(row["path"], row["slice"]) for row in truth] == pages
    assert len(pages) > len({path for path, _ in pages})  # a file of two slices is among them


def test_findings_agree_with_fractions_and_names(truth: list[dict[str, str]]) -> None:
    assert {row["finding"] for row in truth} == {"healthy", "lesions", "no_lung"}
    for row in truth:
        name = row["path"].split("/")[-1]
        assert name.startswith(row["finding"])
        assert (float(row["lung_fraction"]) > 0.02) == (row["finding"] != "no_lung")
        assert (row["lesion_fraction"] == "") == (row["finding"] == "no_lung")
        assert (float(row["lesion_fraction"] or 0) > 0.05) == (row["finding"] == "lesions")


def test_every_format_and_mode_is_there(samples: dict[str, bytes]) -> None:
    kinds = set()
    for path, content in samples.items():
        if not path.endswith((".md", ".csv")):
            picture = Image.open(io.BytesIO(content))
            kinds.add((picture.format, picture.mode))
    png = {("PNG", mode) for mode in ("L", "RGB", "RGBA", "P", "I;16")}
    assert png | {("JPEG", "L"), ("TIFF", "L"), ("BMP", "L")} <= kinds
    assert sum(map(len, samples.values())) < 2_000_000


def test_the_rotated_picture_is_upright_once_its_exif_is_obeyed(samples: dict[str, bytes]) -> None:
    path = next(path for path in samples if "exif" in path)
    stored = Image.open(io.BytesIO(samples[path]))
    upright = np.asarray(ImageOps.exif_transpose(stored)).astype(float)

    def lung_asymmetry(picture: np.ndarray) -> float:
        lung = (picture > 30) & (picture < 120)
        return float((lung ^ lung[:, ::-1]).mean())

    assert stored.getexif()[0x0112] == 6
    # The chest is symmetric from left to right, and lies on the couch.
    assert lung_asymmetry(upright) < lung_asymmetry(upright.T)
    assert (upright[-25:] > 150).any()
    assert not (upright[:25] > 150).any()


def test_deep_pictures_hold_hounsfield_units(samples: dict[str, bytes]) -> None:
    path = next(path for path in samples if "16-bit" in path)
    hu = np.asarray(Image.open(io.BytesIO(samples[path]))).astype(int) - HU_OFFSET
    assert hu.min() < -900
    assert 300 < hu.max() < 2000


def test_the_shipped_samples_are_those_of_the_command(
    repository: Path, truth: list[dict[str, str]], samples: dict[str, bytes]
) -> None:
    shipped = repository / "samples"
    assert (shipped / "truth.csv").read_text() == samples["truth.csv"].decode()
    assert (shipped / "README.md").read_text() == samples["README.md"].decode()
    for path in sorted({row["path"] for row in truth}):
        expected = np.asarray(Image.open(io.BytesIO(samples[path]))).astype(int)
        found = np.asarray(Image.open(shipped / path)).astype(int)
        assert np.abs(expected - found).mean() < 3  # other builds of the libraries round otherwise


def test_a_folder_in_use_is_refused_and_replaced_only_when_told(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="--overwrite"):
        write_samples(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]
    write_samples(tmp_path, overwrite=True)
    assert (tmp_path / "truth.csv").exists()
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_the_command_writes_and_refuses_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "samples"
    assert main(["--out", str(out), "--seed", "5"]) == 0
    assert "MB" in capsys.readouterr().out
    assert main(["--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "not empty" in said
    with pytest.raises(SystemExit) as stop:
        main(["--out", str(out), "--seed", "-1"])
    assert stop.value.code == 2
