"""Zip archives: nothing leads out of one, nothing in one fills the memory, no name is lost."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import numpy as np
import pytest
from PIL import Image

from lungseg.errors import UnreadableError
from lungseg.io import archive as limits
from lungseg.io import group_inputs, read_slices
from lungseg.io.archive import members


def picture(shade: int = 99) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((9, 7), shade, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def packed(path: Path, **content: bytes) -> Path:
    with ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def test_members_are_read_in_memory_and_in_order(tmp_path: Path) -> None:
    content = {"b.png": picture(255), "a/x.png": picture(0), ".hidden.png": b"", "__MACOSX/a": b""}
    path = packed(tmp_path / "x.zip", **content)
    slices = list(read_slices(path))
    assert [one.source.path for one in slices] == [f"{path}/a/x.png", f"{path}/b.png"]
    assert [one.pixels.max() for one in slices] == [0, 1]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "name", ["../x.png", "a/../../x.png", "/x.png", "C:/x.png", "..\\x.png", "C:\\x.png"]
)
def test_a_name_that_leads_out_refuses_the_archive(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "x.zip", **{name: picture(), "good.png": picture()})
    with pytest.raises(UnreadableError, match="leads out of it"):
        list(read_slices(path))
    [one] = group_inputs([path], tmp_path).inputs
    assert one.name == "x.zip"


def test_backslashes_of_windows_are_folders(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", **{"a\\b.png": picture()})
    [one] = group_inputs([path], tmp_path).inputs
    assert one.name == "x.zip/a/b.png"
    assert len(list(read_slices(path))) == 1


def test_too_long_names_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", **{"n" * 300 + ".png": picture()})
    with pytest.raises(UnreadableError, match="name of 304 letters"):
        members(path)


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", **{"a/x.png": picture(), "a\\x.png": picture()})
    with pytest.raises(UnreadableError, match="two files named a/x.png"):
        list(read_slices(path))


def test_what_is_no_input_may_have_one_name_twice(tmp_path: Path) -> None:
    content = {"x.png": picture(), "a/readme.txt": b"1", "a\\readme.txt": b"2"}
    path = packed(tmp_path / "x.zip", **content)
    found = group_inputs([path], tmp_path)
    assert [one.name for one in found.inputs] == ["x.zip/x.png"]
    assert found.ignored == 2


def test_a_time_in_a_name_is_no_drive(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", **{"2021-03-04 12:30/x.png": picture()})
    [one] = group_inputs([path], tmp_path).inputs
    assert one.name == "x.zip/2021-03-04 12:30/x.png"


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = packed(tmp_path / "x.zip", **{f"{i}.png": bytes(1_000_000) for i in range(4)})
    assert len(members(path)) == 4
    monkeypatch.setattr(limits, "UNSUSPICIOUS_BYTES", 3_000_000)
    with pytest.raises(UnreadableError, match="would unpack to 4,000,000 bytes, more than 200"):
        members(path)


@pytest.mark.parametrize(
    ("limit", "message"),
    [("MAX_MEMBERS", "holds 2 files, expected at most 1"), ("MAX_MEMBER_BYTES", "file of 80 byt")],
)
def test_counts_and_sizes_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, message: str
) -> None:
    path = packed(tmp_path / "x.zip", **{"a.png": bytes(80), "b.png": b""})
    monkeypatch.setattr(limits, limit, 1)
    with pytest.raises(UnreadableError, match=message):
        members(path)


def test_a_size_that_the_table_hides_is_not_unpacked(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", **{"a.png": picture() + bytes(10_000_000)})
    content = path.read_bytes()
    told = len(picture() + bytes(10_000_000)).to_bytes(4, "little")
    path.write_bytes(content.replace(told, (20).to_bytes(4, "little")))
    [member] = members(path)
    with pytest.raises(UnreadableError, match="cannot be unpacked"):
        member.read_bytes()


def test_an_archive_may_hold_archives_but_no_deeper_ones(tmp_path: Path) -> None:
    inner = packed(tmp_path / "c.zip", **{"x.png": picture()}).read_bytes()
    middle = packed(tmp_path / "b.zip", **{"c.zip": inner}).read_bytes()
    outer = packed(tmp_path / "a.zip", **{"b.zip": middle})
    names = [one.name for one in group_inputs([tmp_path / "b.zip", outer], tmp_path).inputs]
    assert names == ["b.zip/c.zip/x.png", "a.zip/b.zip/c.zip"]
    with pytest.raises(UnreadableError, match="three archives deep"):
        list(read_slices(outer))


@pytest.mark.parametrize("place", [45, 6], ids=["damaged", "encrypted"])
def test_a_member_that_cannot_be_unpacked_is_named_and_the_others_are_read(
    tmp_path: Path, place: int
) -> None:
    path = packed(tmp_path / "x.zip", **{"a.png": picture(), "b.png": picture()})
    content = bytearray(path.read_bytes())
    content[place] ^= 1  # 45: in the content of a.png; 6: its flag that says encrypted
    if place == 6:
        content[content.index(b"PK\x01\x02") + 8] ^= 1  # the same flag in the table
    path.write_bytes(content)
    found = group_inputs([path], tmp_path).inputs
    assert [one.name for one in found] == ["x.zip/a.png", "x.zip/b.png"]
    with pytest.raises(UnreadableError, match=r"x.zip/a.png cannot be unpacked"):
        list(read_slices(found[0].parts[0].file))
    assert len(list(read_slices(found[1].parts[0].file))) == 1


def test_what_is_no_archive_and_what_is_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(UnreadableError, match="cannot be opened as a zip archive"):
        list(read_slices(tmp_path / "x.zip"))
    empty = packed(tmp_path / "y.zip", **{"notes.txt": b"no slice"})
    with pytest.raises(UnreadableError, match="no slice"):
        list(read_slices(empty))


def test_a_changed_archive_is_read_anew(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", **{"a.png": picture()})
    assert [member.path for member in members(path)] == ["a.png"]
    packed(path, **{"longer-name.png": picture(7)})
    assert [member.path for member in members(path)] == ["longer-name.png"]


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture())
    link = ZipInfo("link.png")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(link, str(tmp_path / "secret.png"))
    with pytest.raises(UnreadableError, match="link.png starts with"):
        list(read_slices(tmp_path / "x.zip"))
