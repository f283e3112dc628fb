"""Damaged, misnamed, constant, absent and unlisted files are each found, and told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from covidcls.audit.file_facts import file_facts
from covidcls.audit.files import file_findings
from covidcls.audit.inventory import Inventory, LabelledImage
from covidcls.audit.reading import LONGEST_SIDE, read_file, read_files


def noise(size: tuple[int, int] = (64, 48)) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 255, size, dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One file of each fault, and two good ones."""
    noise().save(tmp_path / "good.png", dpi=(96, 96))
    noise().convert("RGB").save(tmp_path / "good.jpg")
    noise().save(tmp_path / "jpeg.png", "JPEG")
    Image.new("L", (20, 20), 7).save(tmp_path / "constant.png")
    whole = (tmp_path / "good.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:-200])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "page.png").write_bytes(b"<html>not found</html>")
    damaged = bytearray((tmp_path / "good.png").read_bytes())
    damaged[300] ^= 0xFF
    (tmp_path / "damaged.png").write_bytes(bytes(damaged))
    return tmp_path


def test_each_fault_is_found_and_good_files_have_none(folder: Path) -> None:
    paths = sorted(folder.iterdir())
    images = tuple(LabelledImage(path.name, "a", "train") for path in paths)
    inventory = Inventory(
        folder,
        (*images, LabelledImage("good.png", "a")),
        (LabelledImage("gone.png", "a", "test"),),
    )
    files = list(read_files([*paths, folder / "good.png"], lambda grey: None))
    found = {(finding.kind, finding.file_a) for finding in file_findings(inventory, files)}
    assert found == {
        ("wrong_extension", "jpeg.png"),
        ("constant", "constant.png"),
        ("truncated", "cut.jpg"),
        ("truncated", "cut.png"),
        ("truncated", "empty.png"),
        ("unreadable", "page.png"),
        ("unreadable", "damaged.png"),
        ("absent", "gone.png"),
        ("unlisted", "good.png"),
    }


def test_facts_are_those_of_the_header(folder: Path) -> None:
    facts = file_facts(folder / "good.png")
    assert (facts.width, facts.height, facts.mode, facts.content) == (48, 64, "L", "PNG")
    assert facts.dpi == "96 x 96"
    assert facts.n_metadata == 1
    assert facts.aspect == 0.75
    size = (folder / "good.png").stat().st_size
    assert facts.n_bytes == size and facts.bytes_per_pixel == size / (48 * 64)
    assert file_facts(folder / "jpeg.png").right_extension is False
    assert file_facts(folder / "gone.png").n_bytes is None


def test_the_digest_is_of_grey_pixels_and_not_of_the_file(tmp_path: Path) -> None:
    noise().save(tmp_path / "grey.png")
    noise().convert("RGBA").save(tmp_path / "colour.tif")
    noise((48, 64)).save(tmp_path / "turned.png")
    grey, colour, turned = (
        read_file(tmp_path / name, np.shape) for name in ("grey.png", "colour.tif", "turned.png")
    )
    assert grey.digest == colour.digest
    assert grey.digest != turned.digest  # the same values in another shape


def test_large_pictures_are_measured_reduced(tmp_path: Path) -> None:
    Image.new("L", (2 * LONGEST_SIDE, LONGEST_SIDE)).save(tmp_path / "large.png")
    assert read_file(tmp_path / "large.png", np.shape).measured == (
        LONGEST_SIDE // 2,
        LONGEST_SIDE,
    )


def test_worker_processes_give_the_same_in_the_same_order(folder: Path) -> None:
    paths = sorted(folder.iterdir()) * 4  # more than one task for each worker
    assert list(read_files(paths, np.shape, workers=2)) == list(read_files(paths, np.shape))


def test_a_message_names_the_fault_and_not_where_the_data_lie(folder: Path) -> None:
    (folder / "empty2.png").write_bytes(b"")
    images = [LabelledImage(name, "a") for name in ("cut.png", "empty.png", "empty2.png")]
    files = list(read_files([folder / image.path for image in images], lambda grey: None))
    cut, *empty = file_findings(Inventory(folder, tuple(images)), files)
    assert cut.message.startswith("it starts like a PNG but cannot be decoded")
    assert len({finding.message for finding in empty}) == 1
    assert str(folder) not in cut.message + empty[0].message
