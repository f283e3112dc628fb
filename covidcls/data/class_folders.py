"""Class folders: one for each class, or the same below ``train/``, ``val/`` and ``test/``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from lungseg.errors import UsageError
from lungseg.io import find_inputs
from lungseg.io.formats import format_of_name

Part = Literal["train", "val", "test"]
PARTS: tuple[Part, ...] = ("train", "val", "test")
# What the folder of a part is called, in any case.
_PART_OF: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True)
class ClassFolders:
    """``files``: POSIX paths below the root, in their order. ``divided``: whether the folders of
    the classes lie in those of the parts of a split."""

    files: tuple[str, ...]
    divided: bool

    def label_of(self, path: str) -> str:
        """The name of the folder of its class; empty for a file that lies in none."""
        folders = PurePosixPath(path).parts[:-1][self.divided :]
        return folders[0] if folders else ""

    def part_of(self, path: str) -> Part | None:
        """The part of the split that its folder tells; None where folders tell none."""
        first = PurePosixPath(path).parts[0]
        return _PART_OF.get(first.lower()) if self.divided else None


def find_class_folders(root: Path) -> ClassFolders:
    """All files of the classes in ``root``.

    Where every folder has the name of a part of a split, whichever are there, the classes are the
    folders in them; below the folder of a class files lie at any depth. Hidden folders, and those
    that a Mac puts into archives, are no classes. Raises UsageError for fewer than two classes,
    parts of a split beside other folders, pictures in a part that lie in no class, the folder of a
    class that has no input, and the published layout of COVID-CT.
    """
    root = Path(root)
    if not root.is_dir():
        raise UsageError(f"there is no folder {root}")
    if (root / "Data-split").is_dir():
        raise UsageError(f"{root} is laid out as COVID-CT is published: choose the layout covid-ct")
    names = _folders(root)
    parts = [name for name in names if name.lower() in _PART_OF]
    divided = bool(parts) and len(parts) == len(names)
    if not divided and len({_PART_OF[name.lower()] for name in parts}) > 1:
        others = ", ".join(name for name in names if name not in parts)
        raise UsageError(
            f"{root} holds {', '.join(parts)}, which are parts of a split, beside {others}: take "
            "one or the other out"
        )
    if divided:
        _refuse_loose(root, parts)
    folders = [f"{part}/{name}" for part in parts for name in _folders(root / part)]
    folders = folders if divided else names
    _refuse_one_class(root, names, {PurePosixPath(folder).name for folder in folders})
    files = [path for folder in folders for path in find_inputs(root / folder).files]
    return ClassFolders(tuple(path.relative_to(root).as_posix() for path in files), divided)


def _folders(root: Path) -> list[str]:
    entries = root.iterdir() if root.is_dir() else ()
    return sorted(
        path.name
        for path in entries
        if path.is_dir() and not path.name.startswith(".") and path.name != "__MACOSX"
    )


def _refuse_loose(root: Path, parts: Sequence[str]) -> None:
    for part in parts:
        files = (path for path in (root / part).iterdir() if path.is_file())
        loose = sorted(
            path.name for path in files if format_of_name(path) and not path.name.startswith(".")
        )
        if loose:
            raise UsageError(
                f"{len(loose)} files of {root / part} lie in no folder of a class, such as "
                f"{loose[0]}: put each into that of its class, or take them out"
            )


def _refuse_one_class(root: Path, names: Sequence[str], classes: set[str]) -> None:
    if len(classes) < 2:
        found = ", ".join(names) or "none"
        below = f", with {', '.join(classes) or 'none'} below" if classes != set(names) else ""
        raise UsageError(
            f"{root} should hold two folders or more, one for each class, or train, val and test "
            f"with these in them; found {found}{below}"
        )
