"""The folder that a resumable command writes: what is in it, what may go, how it goes on."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lungseg.errors import UsageError
from lungseg.whole_file import TEMPORARY, remove_left, write_json
from pipelines.command import DISK_FULL
from pipelines.folder_lock import alone_in
from pipelines.run_identity import check_same, now

State = Literal["new", "partial", "finished"]

# what is written below the folders of pictures, masks and DICOM-SEG
PICTURES = (".png", ".nii.gz", ".seg.dcm")


@dataclass(frozen=True)
class OutputFolder:
    """The files of one run below ``path``; rows and record are ``.part`` until the run is whole.

    ``command`` wrote it, its rows in the file ``table``, a picture a slice in ``pictures_in``, and
    a sheet of some of them in the file ``sheet_in``, where it draws one.
    """

    path: Path
    command: str = "predict"
    table: str = "predictions.csv"
    pictures_in: str = "overlays"
    sheet_in: str | None = None

    @property
    def tool(self) -> str:
        """By what the record of a run is known as one of this command."""
        return f"lungseg-covid {self.command}"

    @property
    def rows(self) -> Path:
        """One row a slice; its being there is what makes a run finished."""
        return self.path / self.table

    @property
    def rows_part(self) -> Path:
        """The rows so far."""
        return self.path / f"{self.table}.part"

    @property
    def run(self) -> Path:
        """Versions, weights, options, counts and times."""
        return self.path / "run.json"

    @property
    def run_part(self) -> Path:
        """What determines the rows, written before the first of them."""
        return self.path / "run.json.part"

    @property
    def cases(self) -> Path:
        """One row a case."""
        return self.path / "cases.csv"

    @property
    def report(self) -> Path:
        """The cases as a page."""
        return self.path / "report.html"

    @property
    def masks(self) -> Path:
        """The folder of masks."""
        return self.path / "masks"

    @property
    def dicom_seg(self) -> Path:
        """The folder of DICOM Segmentation objects."""
        return self.path / "dicom_seg"

    @property
    def pictures(self) -> Path:
        """The folder of pictures."""
        return self.path / self.pictures_in

    @property
    def sums(self) -> tuple[Path, ...]:
        """What is made of all rows together, besides the record."""
        sheet = () if self.sheet_in is None else (self.path / self.sheet_in,)
        return (self.cases, self.report, *sheet)

    def state(self, resume: bool, overwrite: bool) -> State:
        """What there is to do here; changes nothing.

        Raises UsageError when the folder is in the way: not a folder, not empty and neither
        ``resume`` nor ``overwrite``, or nothing that could be resumed.
        """
        if is_free(self.path) or overwrite:
            return "new"
        if not resume:
            raise UsageError(
                f"{self.path} is not empty: go on with --resume, replace its results with "
                "--overwrite, or choose another --out"
            )
        if self.rows.exists() and self.run.exists():
            return "finished"
        if self.run_part.exists():
            return "partial"
        foreign_run = self.run.exists() and not self._is_ours(self.run)
        if self.rows.exists() or self.rows_part.exists() or foreign_run:
            raise UsageError(
                f"{self.path} has results but no record of the run that made them: replace them "
                "with --overwrite, or choose another --out"
            )
        return "new"

    def check_apart_from(self, root: Path, files: Iterable[Path]) -> None:
        """Raise UsageError when results here would mix with the inputs ``files`` of ``root``."""
        if root.is_dir() and root.resolve() == self.path.resolve():
            raise UsageError(f"{self.path} is the input folder itself: choose another --out")
        if not self.path.exists():
            return
        results = {folder.resolve() for folder in (self.pictures, self.masks, self.dicom_seg)}
        for file in files:
            among = results.intersection(file.resolve().parents)
            if among:
                raise UsageError(
                    f"the input {file} lies among the {among.pop().name} of {self.path}: "
                    "choose another --out"
                )

    def check_writable(self) -> None:
        """Try to write below the nearest folder that exists; leaves nothing behind.

        Raises UsageError when that fails, OSError when the disk is full.
        """
        folder = self.path
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        try:
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"\0")
        except OSError as error:
            if error.errno in DISK_FULL:
                raise
            raise UsageError(
                f"cannot write to {self.path} ({error.strerror}): choose another --out"
            ) from error

    @contextmanager
    def begin(self, state: State, identity: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The record of the run that goes on, or of a new one, which is written in a folder without
        the results of an earlier one; the folder is held against other runs meanwhile.

        Raises UsageError when another run holds it, when the run that is here is another one than
        that of ``identity``, and for a folder of pictures that another than this command filled.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with alone_in(self.path):
            if state == "partial":
                start = self.started(finished=False)
                check_same(start, identity, self.path)
                remove_left(*self.sums, self.run)
            else:
                start = {"tool": self.tool, "started": now(), **identity}
                self._remove_results(self._folders(start))
                write_json(self.run_part, start)
            yield start

    def started(self, finished: bool) -> dict[str, Any]:
        """The record of the run that is here. Raises UsageError when it cannot be read."""
        file = self.run if finished else self.run_part
        try:
            record = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"cannot read {file} ({error}): replace the run with --overwrite"
            ) from error
        if not isinstance(record, dict) or record.get("tool") != self.tool:
            raise UsageError(f"{file} was not written by {self.command}: choose another --out")
        return record

    def write_run(self, record: Mapping[str, Any]) -> None:
        """Write ``run.json`` whole."""
        write_json(self.run, record)

    def _remove_results(self, needed: Sequence[Path]) -> None:
        """Remove what an earlier run wrote; what others put here stays, and they may not have
        filled one of the folders that are ``needed``.

        The rows go first and the records last, so that a process killed in between leaves nothing
        that looks finished.
        """
        records = [record for file in (self.run, self.run_part) if (record := self._ours(file))]
        written = {folder for record in records for folder in self._folders(record)}
        for folder in needed:
            if folder not in written and not is_free(folder):
                raise UsageError(
                    f"{folder} is not empty, and no run that is recorded here wrote it: choose "
                    "another --out, or move what is in it"
                )
        _remove(self.rows, self.rows_part)
        if records:
            _remove(*self.sums)
            for folder in written:
                if folder.is_dir() and not folder.is_symlink():
                    _remove_pictures(folder)
        _remove(self.run, self.run_part)

    def _folders(self, record: Mapping[str, Any]) -> list[Path]:
        """Those of pictures, masks and DICOM-SEG that the run of ``record`` writes to."""
        asked = {"overlays": True, "masks": False, "dicom_seg": False, **record["options"]}
        folders = {"overlays": self.pictures, "masks": self.masks, "dicom_seg": self.dicom_seg}
        return [folder for name, folder in folders.items() if asked[name]]

    def _is_ours(self, file: Path) -> bool:
        return bool(self._ours(file))

    def _ours(self, file: Path) -> dict[str, Any]:
        """The record in ``file``, empty where it is none of this command."""
        try:
            record = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        ours = isinstance(record, dict) and record.get("tool") == self.tool
        return record if ours and isinstance(record.get("options"), dict) else {}


def is_free(path: Path) -> bool:
    """Whether there is nothing at ``path``, or an empty folder.

    Raises UsageError for a file, and a folder that cannot be read.
    """
    try:
        if path.exists() and not path.is_dir():
            raise UsageError(f"{path} is not a folder: choose another --out")
        return not path.exists() or next(path.iterdir(), None) is None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def check_results_go_to(out: Path, inputs: Iterable[Path], overwrite: bool) -> None:
    """Raise UsageError unless ``out`` is free or may be replaced, apart from the inputs, and can be
    written to; of a command that writes all its results at its end."""
    if not is_free(out) and not overwrite:
        raise UsageError(
            f"{out} is not empty: replace its results with --overwrite, or choose another --out"
        )
    results = out.resolve()
    for root in inputs:
        if root.resolve() in (results, *results.parents):
            raise UsageError(f"{out} lies in the input {root}: choose another --out")
    OutputFolder(out).check_writable()


def _remove(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)
    remove_left(*files)


def _remove_pictures(folder: Path) -> None:
    for parent, folders, names in os.walk(folder, topdown=False):
        for name in names:
            if name.removesuffix(TEMPORARY).endswith(PICTURES):
                os.unlink(os.path.join(parent, name))
        for name in folders:
            _remove_if_empty(Path(parent, name))
    _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    if not folder.is_symlink() and not any(folder.iterdir()):
        folder.rmdir()
