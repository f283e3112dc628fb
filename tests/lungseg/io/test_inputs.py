"""Which files of a folder are inputs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from lungseg.errors import UsageError
from lungseg.io import find_inputs


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (3, 2)).save(path, "PNG")
    return path


def names(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in find_inputs(root).files]


def test_extension_in_any_case_or_content_makes_an_input(tmp_path: Path) -> None:
    picture(tmp_path / "A.PNG")
    picture(tmp_path / "no_extension")
    picture(tmp_path / "export.dat")
    (tmp_path / "broken.TiF").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("BM is how a bitmap starts")
    (tmp_path / "unnamed").write_bytes(b"")
    (tmp_path / "folder.png").mkdir()
    found = find_inputs(tmp_path)
    assert [path.name for path in found.files] == [
        "A.PNG",
        "broken.TiF",
        "export.dat",
        "no_extension",
    ]
    assert found.ignored == 2


def test_order_is_that_of_the_posix_path_not_of_the_disk(tmp_path: Path) -> None:
    for name in (
        "b.png",
        "a/z.png",
        "a.png",
        "a-1.png",
        "a/B.png",
        "Z.png",
        "ä.png",
        "10.png",
        "9.png",
    ):
        picture(tmp_path / name)
    assert names(tmp_path) == sorted(names(tmp_path))
    assert names(tmp_path)[:4] == ["10.png", "9.png", "Z.png", "a-1.png"]


def test_hidden_files_and_folders_are_ignored(tmp_path: Path) -> None:
    for name in ("x.png", "._x.png", ".hidden/y.png"):
        picture(tmp_path / name)
    (tmp_path / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (tmp_path / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    assert names(tmp_path) == ["x.png"]
    found = find_inputs(tmp_path)
    assert found.ignored == 4
    assert found.extensions == ((".png", 2), ("", 1), (".db", 1))


def test_hidden_is_judged_below_the_folder_only(tmp_path: Path) -> None:
    picture(tmp_path / ".cache" / "x.png")
    assert names(tmp_path / ".cache") == ["x.png"]


def test_links_to_folders_are_not_followed_but_counted(tmp_path: Path) -> None:
    picture(tmp_path / "elsewhere" / "x.png")
    root = tmp_path / "root"
    picture(root / "y.png")
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "other").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (root / "file.png").symlink_to(tmp_path / "elsewhere" / "x.png")
    (root / "dangling.png").symlink_to(tmp_path / "nothing")
    (root / "dangling.txt").symlink_to(tmp_path / "nothing")
    assert names(root) == ["dangling.png", "file.png", "y.png"]
    assert find_inputs(root).ignored == 3


def test_a_file_that_cannot_be_opened_is_an_input_where_it_may_be_a_slice(
    unprivileged: Path,
) -> None:
    for name in ("IM0001", "1.2.840", "notes.txt"):
        picture(unprivileged / "open" / name).chmod(0)
    assert names(unprivileged) == ["open/1.2.840", "open/IM0001", "open/x.png"]


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    picture(tmp_path / "x.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert names(tmp_path) == ["x.png"]


def test_single_file(tmp_path: Path) -> None:
    path = picture(tmp_path / "x.bin")
    assert find_inputs(path).files == (path,)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(UsageError, match="notes.txt is not an input; expected a folder, or DICOM"):
        find_inputs(tmp_path / "notes.txt")


def test_missing_path_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere does not exist"):
        find_inputs(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="cannot be read"):
        find_inputs(tmp_path / ("n" * 5000))


def test_folder_without_inputs_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no input: no file in it is DICOM, PNG, .* or ZIP$"):
        find_inputs(tmp_path)
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b").write_text("b")
    with pytest.raises(UsageError, match=r"\(2 other files were ignored\)"):
        find_inputs(tmp_path)


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder for a user whom permissions bind, even where the tests are run by root."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    root = os.geteuid() == 0
    picture(folder / "open" / "x.png")
    picture(folder / "closed" / "y.png")
    (folder / "closed").chmod(0)
    if root:
        os.chown(folder / "open", 65534, -1)
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    (folder / "closed").chmod(0o755)
    shutil.rmtree(folder)


def test_folder_that_cannot_be_listed_is_named(unprivileged: Path) -> None:
    found = find_inputs(unprivileged)
    assert [path.name for path in found.files] == ["x.png"]
    assert found.unreadable_folders == (unprivileged / "closed",)


def test_unreadable_root_is_wrong_use(unprivileged: Path) -> None:
    with pytest.raises(UsageError, match="closed cannot be read .Permission denied"):
        find_inputs(unprivileged / "closed")
