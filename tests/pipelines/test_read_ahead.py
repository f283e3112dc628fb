"""Slices of many inputs in order, decoded only a few inputs ahead."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Timer

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lungseg.errors import LungsegError
from lungseg.io import Input, Part, Reading, group_inputs
from pipelines.decoder import Decoder
from pipelines.read_ahead import read_ahead


@pytest.fixture
def inputs(tmp_path: Path, drawn_slice: Callable[..., NDArray[np.uint8]]) -> list[Input]:
    """A picture, a stack of three pages, a broken file, and 20 more pictures."""
    picture = Image.fromarray(drawn_slice())
    picture.save(tmp_path / "a.png")
    picture.save(tmp_path / "b.tif", save_all=True, append_images=[picture, picture])
    (tmp_path / "c.png").write_bytes(b"no picture")
    for number in range(20):
        picture.save(tmp_path / f"d{number:02}.png")
    return list(group_inputs(sorted(tmp_path.iterdir()), tmp_path).inputs)


def keys(inputs: Sequence[Input], workers: int, start: tuple[int, int] = (0, 0)) -> list[object]:
    return [
        (item.position, item.index, item.slice is None)
        for item in read_ahead(inputs, workers, start=start)
    ]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("left", ["nothing", "an empty folder"])  # a share, and its mount point
def test_a_folder_that_has_gone_is_no_unreadable_file(
    inputs: list[Input], tmp_path: Path, workers: int, left: str
) -> None:
    found = read_ahead(inputs, workers)
    assert next(found).slice is not None
    tmp_path.rename(f"{tmp_path}-elsewhere")
    if left == "an empty folder":
        tmp_path.mkdir()
    with pytest.raises(LungsegError, match=f"{tmp_path} has gone"):
        list(found)


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_order_is_that_of_the_inputs_and_their_pages(inputs: list[Input], workers: int) -> None:
    assert keys(inputs, workers) == [
        (0, 0, False),
        (1, 0, False),
        (1, 1, False),
        (1, 2, False),
        (2, 0, True),
        *[(position, 0, False) for position in range(3, 23)],
    ]


@pytest.mark.parametrize("workers", [0, 2])
def test_every_start_gives_the_rest_of_the_same_items(inputs: list[Input], workers: int) -> None:
    whole = keys(inputs, 0)
    for start in [(0, 1), (1, 0), (1, 2), (1, 3), (2, 1), (22, 1)]:
        rest = [key for key in whole if key[:2] >= start]  # type: ignore[index]
        assert keys(inputs, workers, start) == rest


def test_a_file_that_cannot_be_read_says_why(inputs: list[Input]) -> None:
    errors = [item.error for item in read_ahead(inputs, 2) if item.slice is None]
    assert len(errors) == 1
    assert "c.png" in errors[0]


def test_files_are_decoded_a_few_ahead_and_no_more(inputs: list[Input], tmp_path: Path) -> None:
    items = read_ahead(inputs[3:], 2)
    next(items)
    time.sleep(1)  # for processes that would not wait
    for file in tmp_path.glob("d*.png"):
        file.unlink()
    errors = [item.error for item in items]
    assert errors[0] == ""
    assert sum(bool(error) for error in errors) >= 5


def in_one(inputs: list[Input], tmp_path: Path, *names: str) -> list[Input]:
    """A series of three files, and a picture after it."""
    parts = tuple(Part(tmp_path / name, name) for name in names)
    return [Input("series", parts), inputs[-1]]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that never answers")
def test_a_file_that_hangs_costs_one_row(inputs: list[Input], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hung.png")
    given = in_one(inputs, tmp_path, "d00.png", "hung.png", "d01.png")
    items = list(read_ahead(given, 2, seconds=5))
    assert [(item.position, item.index, item.slice is None) for item in items] == [
        (0, 0, False),
        (0, 1, True),
        (0, 2, False),
        (1, 0, False),
    ]
    assert items[1].error.startswith("hung.png takes more than 5 s to decode: ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a file that never answers")
def test_a_process_that_dies_is_named_with_its_file_and_replaced(
    inputs: list[Input], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "deadly.png")
    given = in_one(inputs, tmp_path, "d00.png", "deadly.png", "d01.png")
    decoder = Decoder([one.parts for one in given], Reading(), seconds=60)
    try:
        found = decoder.next_input()
        first = [next(found)]  # from now on it waits for what never comes
        Timer(0.5, decoder.kill).start()
        first += found
        assert [slice_ is None for slice_, _ in first] == [False, True, False]
        assert first[1][1].startswith("deadly.png ended the process that decoded it (SIGKILL): ")
        assert "memory has run out: give fewer --workers" in first[1][1]
        assert [error for _, error in decoder.next_input()] == [""]
    finally:
        decoder.stop()


SENDS_AND_LIVES = """\
import pickle, sys, time

pickle.load(sys.stdin.buffer)
pickle.dump("ready", sys.stdout.buffer)
sys.stdout.buffer.write({sent!r})
sys.stdout.buffer.flush()
time.sleep(40)
"""


@pytest.mark.parametrize("sent", [b"no pickle", b"cos\nno_such_name\n."])
def test_what_cannot_be_read_from_a_living_process_costs_one_row(
    inputs: list[Input], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    package = tmp_path / "modules" / "pipelines"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "decoding.py").write_text(SENDS_AND_LIVES.format(sent=sent))
    monkeypatch.syspath_prepend(package.parent)
    [item] = read_ahead(inputs[-1:], 1, seconds=20)
    said = f"what came from the process that decoded {inputs[-1].name} could not be read: "
    assert item.error.startswith(said)


def test_a_process_that_cannot_start_ends_the_run(
    inputs: list[Input], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(LungsegError, match="could not be started"):
        list(read_ahead(inputs, 1))


def test_a_module_among_the_data_is_not_run(
    inputs: list[Input], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("open('run', 'w')")
    monkeypatch.chdir(tmp_path)
    next(read_ahead(inputs, 1))
    assert not (tmp_path / "run").exists()
