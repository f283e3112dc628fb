"""Judge a segmenter on folders of images and masks into figures, rows and a sheet."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lungseg.backends import description
from lungseg.checkpoint import resolve
from lungseg.drawing import encode
from lungseg.evaluation.evaluate import Evaluation, evaluate
from lungseg.evaluation.pairs import find_pairs
from lungseg.evaluation.report import metrics
from lungseg.evaluation.worst import draw_sheet
from lungseg.io.masks import Target
from lungseg.patients import read_patients
from lungseg.whole_file import write_json, write_whole
from pipelines.command import ExitCode
from pipelines.evaluation_rows import CASE_COLUMNS, VOLUME_COLUMNS, row_of_case, row_of_volume
from pipelines.output_folder import check_results_go_to
from pipelines.progress import Progress
from pipelines.results import as_csv
from pipelines.text import one_line
from pipelines.versions import versions

FILES = {
    "metrics": "metrics.json",
    "rows": "cases.csv",
    "volumes": "volumes.csv",
    "sheet": "worst.png",
}


@dataclass(frozen=True)
class Options:
    """How to judge: see ``python -m pipelines.evaluate seg --help``."""

    target: Target = "lung"
    labels: tuple[int, ...] = ()
    patients: Path | None = None
    checkpoint: str | None = None
    weights: Path | None = None
    device: str = "auto"
    backend: str = "auto"
    batch_size: int = 16
    hu_offset: float | None = None


def evaluate_seg(
    images: Path,
    masks: Path,
    out: Path,
    options: Options | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score every slice and write what was found to ``out``; returns what ``metrics.json`` has.

    ``progress(done, total)`` is called with numbers of pairs. Raises UsageError, before anything is
    written, for a missing or empty input, an ``out`` in the way, and weights that are missing or
    damaged.
    """
    options = options or Options()
    began = time.perf_counter()
    pairs = find_pairs(images, masks)
    patients = read_patients(options.patients, pairs.cases) if options.patients else None
    check_results_go_to(out, (images, masks), overwrite)
    weights = resolve(options.checkpoint, options.weights, "segmenter")

    from lungseg.segmenter import LungSegmenter

    segmenter = LungSegmenter.from_checkpoint(
        weights, device=options.device, backend=options.backend
    )
    evaluation = evaluate(
        segmenter,
        pairs,
        options.target,
        patients.of if patients else None,
        options.batch_size,
        progress,
        options.hu_offset,
        options.labels,
    )
    record = {
        "tool": "lungseg-covid evaluate seg",
        "data": {"images": _name(images), "masks": _name(masks), "sha256": pairs.sha256},
        "hu_offset": options.hu_offset,
        "checkpoint": {
            "name": segmenter.name,
            "sha256": segmenter.sha256,
            "threshold": segmenter.threshold,
            "lesion_threshold": segmenter.lesion_threshold,
        },
        **metrics(evaluation),
        "versions": versions(),
        "device": segmenter.device,
        "backend": description(segmenter.compiled),
    }
    if patients and patients.message:
        record["messages"].append(patients.message)
    record["exit_code"] = int(ExitCode.LOOK if evaluation.needs_look else ExitCode.DONE)
    record["seconds"] = round(time.perf_counter() - began, 1)
    _write(out, evaluation, record)
    return record


def table(record: Mapping[str, Any]) -> str:
    """The record of an evaluation as lines for a person."""
    data, target, clusters = record["data"], record["target"], record["clustered_by"]
    lines = [
        f"{target} in {one_line(data['images'])}, found by {record['checkpoint']['name']}",
        f"{'slices':<18}{record['n']:>8}   with {target}; {clusters}s: {record['n_groups']}",
    ]
    for name in ("dice", "iou", "hd95", "surface_dice_2px"):
        figure = record[name]
        if figure["mean"] is not None:
            lines.append(
                f"{name:<18}{figure['mean']:>8.3f}   {_range(figure)}, "
                f"median {figure['median']:.3f}, worst tenth {figure['worst_decile']:.3f}"
            )
    pooled = record.get("dice_pooled")
    if pooled and pooled["value"] is not None:
        lines.append(f"{'dice_pooled':<18}{pooled['value']:>8.3f}   {_range(pooled)}")
    volumes = record.get("volumes")
    if volumes and volumes["n"]:
        dice = volumes["dice"]
        lines.append(f"{'volumes':<18}{volumes['n']:>8}   dice {dice['mean']:.3f} {_range(dice)}")
    empty = record["empty_slices"]
    lines.append(f"{'empty_slices':<18}{empty['n']:>8}   left empty: {empty['correctly_empty']}")
    lines += [one_line(message) for message in record["messages"]]
    lines += [f"{name:<18}{one_line(path)}" for name, path in record["written"].items()]
    return "\n".join(lines)


def _name(root: Path) -> str:
    """The folder with the one above it, which has the name where that is ``images``."""
    return "/".join(root.resolve().parts[-2:])


def _range(figure: Mapping[str, float]) -> str:
    return f"({figure['low']:.3f} to {figure['high']:.3f})"


def _write(out: Path, evaluation: Evaluation, record: dict[str, Any]) -> None:
    """Every file whole, the figures last; what an earlier run wrote here goes before."""
    out.mkdir(parents=True, exist_ok=True)
    for file in FILES.values():
        (out / file).unlink(missing_ok=True)
    contents = {"rows": as_csv([CASE_COLUMNS, *map(row_of_case, evaluation.cases)])}
    if volumes := evaluation.volumes:
        contents["volumes"] = as_csv([VOLUME_COLUMNS, *map(row_of_volume, volumes)])
    if evaluation.worst:
        title = f"{record['target']} in {record['data']['images']}, the worst by Dice; "
        title += f"checkpoint {record['checkpoint']['name']}"
        contents["sheet"] = encode(draw_sheet(evaluation.worst, title))
    record["written"] = {name: str(out / FILES[name]) for name in ("metrics", *contents)}
    for name, content in contents.items():
        write_whole(out / FILES[name], content)
    write_json(out / FILES["metrics"], record)
