"""Which files of a folder a command takes: ``--names`` and ``--every``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lungseg.errors import UsageError


@dataclass(frozen=True)
class Choice:
    """Which pictures of a folder: those that a line of the files ``names`` names, by file name or
    by the end of its path (no files: all), of these each ``every``-th, of these the first
    ``limit``."""

    names: tuple[Path, ...] = ()
    every: int = 1
    limit: int | None = None

    def of(self, files: Sequence[Path]) -> list[Path]:
        """The chosen files, in their order. Raises UsageError for a list that cannot be read, for
        a line that names several files, and where nothing is left."""
        chosen = list(files)
        if self.names:
            wanted = {name for file in self.names for name in _lines(file)}
            named = {file: wanted.intersection(_ends(file)) for file in files}
            chosen = [file for file, names in named.items() if names]
            times = Counter(name for names in named.values() for name in names)
            if doubled := [name for name, count in times.items() if count > 1]:
                name = min(doubled)
                raise UsageError(f"{name} is {times[name]} pictures; write more of their paths")
        if not chosen:
            raise UsageError(f"no picture has a name in {', '.join(map(str, self.names))}")
        return chosen[:: self.every][: self.limit]


def _ends(file: Path) -> list[str]:
    """``c.png``, ``b/c.png`` and so on to the whole path."""
    return ["/".join(file.parts[start:]) for start in range(len(file.parts))]


def _lines(file: Path) -> list[str]:
    try:
        return [line.strip("\r") for line in file.read_text("utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the list of names {file} ({error})") from error
