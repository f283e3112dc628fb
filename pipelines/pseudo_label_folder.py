"""Pseudo-label every picture of a folder into masks, rows, a sheet and a record; resumable."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lungseg.backends import description
from lungseg.errors import UnreadableError, UsageError
from lungseg.io import find_inputs, read_slices
from lungseg.pseudo_labels import (
    COLUMNS,
    MASKS,
    REASONS,
    ROWS,
    Filters,
    Row,
    encode_masks,
    fingerprint,
    mask_file,
)
from lungseg.whole_file import write_whole
from pipelines.choice import Choice
from pipelines.command import ExitCode
from pipelines.earlier_results import without_results
from pipelines.guard import refuse_picture
from pipelines.output_folder import OutputFolder
from pipelines.progress import Progress
from pipelines.results import Journal, cell_of_path
from pipelines.run_identity import check_same, identity_of, now, relative
from pipelines.still_there import check_there

if TYPE_CHECKING:
    from lungseg.segmenter import LungSegmenter

SHEET = "sheet.png"


def pseudo_label_folder(
    root: Path,
    out: Path,
    filters: Filters | None = None,
    choice: Choice | None = None,
    checkpoint: str | None = None,
    weights: Path | None = None,
    device: str = "auto",
    seed: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    backend: str = "auto",
) -> dict[str, Any]:
    """Label each chosen picture below ``root``; returns what ``run.json`` has.

    Writes ``slices.csv`` (:class:`Row`), ``masks/`` (of the dropped ones too, for the sheet),
    ``run.json`` and ``sheet.png`` to ``out``. ``checkpoint`` and ``weights``: as
    :meth:`LungSegmenter.from_checkpoint` takes them. ``seed`` chooses the kept ones of the sheet.
    ``resume`` goes on after the last row; on a finished folder it only returns its record.

    Raises UsageError, before anything is written, for a missing or empty input, an ``out`` that is
    in the way, weights that are missing or damaged, and a run that other options had started; and
    LungsegError when a folder of pictures goes meanwhile, as with a share that drops out.
    """
    filters = filters or Filters()
    folder = OutputFolder(out, "pseudo_label", ROWS, MASKS, SHEET)
    found, earlier = without_results(find_inputs(root), root)
    files = found.files
    _check_outside(root, out)
    chosen = (choice or Choice()).of(files)
    state = folder.state(resume, overwrite)

    from lungseg.data.pseudo_groups import groups_of
    from lungseg.segmenter import LungSegmenter

    segmenter = LungSegmenter.from_checkpoint(checkpoint, weights, device, backend)
    made_by = {"name": segmenter.name, "sha256": segmenter.sha256}
    paths = [relative(file, root) for file in chosen]
    # no option, but what makes a row: of all files, so that --every does not change a group
    groups = groups_of(root, [relative(file, root) for file in files])
    options = {**asdict(filters), "seed": seed}
    identity = identity_of(options, {"segmenter": made_by}, chosen, paths)
    identity["device"] = segmenter.device
    identity["backend"] = description(segmenter.compiled)
    if state == "finished":
        record = folder.started(finished=True)
        check_same(record, identity, out)
        return record
    folder.check_writable()
    began = time.perf_counter()
    with (
        folder.begin(state, identity) as start,
        Journal(folder.rows_part, 1, COLUMNS) as journal,
    ):
        rows = [Row.of_cells(cells) for cells in journal.kept]
        if [row.path for row in rows] != [cell_of_path(path) for path in paths[: len(rows)]]:
            raise UsageError(f"the rows in {out} do not follow the input files: use --overwrite")
        resumed_after = len(rows)
        seen = {row.sha256 for row in rows}
        for file, path in zip(chosen[resumed_after:], paths[resumed_after:], strict=True):
            row = _label(file, path, seen, segmenter, filters, out)
            cells = replace(row, group=groups[path]).cells()
            rows.append(Row.of_cells(cells))  # rounded, as a resumed run reads them back
            seen.add(row.sha256)
            journal.append([cells])
            if progress:
                progress(len(rows), len(chosen))
        seconds = (time.perf_counter() - began) / max(len(rows) - resumed_after, 1)
        _write_sheet(rows, chosen, out, seed)
        counts = _counts(rows)
        record = {
            **start,
            "input": str(root),
            "earlier_results": [str(folder) for folder in earlier],
            "counts": counts,
            "resumed_after": resumed_after,
            "seconds_per_picture": round(seconds, 3),
            "ended": now(),
            "written": str(out),
            "exit_code": int(_exit_code(counts)),
        }
        folder.write_run(record)
        journal.finish(folder.rows)
        folder.run_part.unlink()
    return record


def table(record: dict[str, Any]) -> str:
    """The counts of a run for a person."""
    counts = record["counts"]
    lines = [
        f"{counts['kept']:6} of {counts['pictures']} pictures kept, lesions known in "
        f"{counts['lesion_known']} of them"
    ]
    lines += [f"{counts['dropped'][name]:6} {name}: {REASONS[name]}" for name in counts["dropped"]]
    if earlier := record.get("earlier_results"):  # a run of before they were left out has none
        lines.append(f"{len(earlier):6} folders with results of earlier runs left out")
    return "\n".join([*lines, f"look at {Path(record['written']) / SHEET}"])


def _label(
    file: Path,
    path: str,
    seen: set[str],
    segmenter: LungSegmenter,
    filters: Filters,
    out: Path,
) -> Row:
    """The row of a picture, without group, once its masks are on disk.

    Raises LungsegError when its folder has gone.
    """
    from lungseg.pseudo_labelling import pseudo_label

    row = Row(cell_of_path(path), "", kept=False, reason="")
    try:
        sha256 = fingerprint(file.read_bytes())
        slices = list(islice(read_slices(file), 2))
    except (UnreadableError, OSError):
        check_there([file])
        return replace(row, reason="unreadable")
    row = replace(row, sha256=sha256)
    if len(slices) > 1:
        return replace(row, reason="several_slices")
    if sha256 in seen:
        return replace(row, reason="duplicate")
    if refuse_picture(slices[0]):
        return replace(row, reason="not_ct")
    label = pseudo_label(segmenter, slices[0], filters)
    lung = label.mask.mask
    lesion = lung & False if label.mask.lesion is None else label.mask.lesion
    target = mask_file(out, sha256)
    target.parent.mkdir(exist_ok=True)
    write_whole(target, encode_masks(lung, lesion))
    return replace(
        row,
        kept=not label.reason,
        reason=label.reason,
        agreement_lung=label.agreement_lung,
        agreement_lesion=label.agreement_lesion,
        uncertain=label.uncertain,
        chest_ct=label.mask.chest_ct,
        lung_fraction=label.mask.lung_fraction,
        lesion_fraction=label.mask.lesion_fraction,
        lesion_known=label.lesion_known,
    )


def _write_sheet(rows: Sequence[Row], files: Sequence[Path], out: Path, seed: int) -> None:
    from pipelines.pseudo_label_sheet import draw_sheet

    pictures = dict(zip((row.path for row in rows), files, strict=True))
    write_whole(out / SHEET, draw_sheet(rows, pictures, out, seed))


def _counts(rows: Sequence[Row]) -> dict[str, Any]:
    reasons = Counter(row.reason for row in rows if not row.kept)
    return {
        "pictures": len(rows),
        "kept": sum(row.kept for row in rows),
        "lesion_known": sum(row.kept and row.lesion_known for row in rows),
        "dropped": {name: reasons[name] for name in REASONS if reasons[name]},
    }


def _exit_code(counts: dict[str, Any]) -> ExitCode:
    foreign = counts["dropped"].keys() & {"unreadable", "not_ct"}
    return ExitCode.LOOK if foreign or not counts["kept"] else ExitCode.DONE


def _check_outside(root: Path, out: Path) -> None:
    inside = root.resolve() in (out.resolve(), *out.resolve().parents)
    if root.is_dir() and inside:
        raise UsageError(f"{out} lies among the inputs in {root}: choose another --out")
