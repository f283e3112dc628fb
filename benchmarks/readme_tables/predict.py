"""Tables of what is measured of ``predict``: speed, memory, backends, its install, and mishaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from readme_tables.markdown import table_of
from readme_tables.measured import Measured, measured


@measured
def speed(result: Measured) -> str:
    """Slices per second of each part, and memory."""
    rows = [
        [
            part,
            *(f"{figures[key]:.2f}" for key in ("one_at_a_time_per_second", "per_second", "ratio")),
        ]
        for part, figures in result["speed"].items()
    ]
    table = table_of(["part", "one slice at a time, slices/s", "batched, slices/s", "ratio"], rows)
    lines = [table]
    if "memory" in result:
        lines.append(_memory(result["memory"], result["cores"]))
    if "eager" in result:
        lines.append(_against_eager(result["eager"]))
    return "\n\n".join(lines)


def _memory(memory: Mapping[str, Any], cores: int) -> str:
    peaks = memory["peak_mib"]
    each = ", ".join(f"{int(count):,} inputs {peak:.0f} MiB" for count, peak in peaks.items())
    most = max(peaks.values()) / min(peaks.values()) - 1
    return (
        f"Peak memory of the largest process of `predict` without overlays, pictures of "
        f"{memory['side']} px: {each} ({100 * most:.0f} % apart; {cores} cores)."
    )


def _against_eager(eager: Mapping[str, Any]) -> str:
    pair = " and ".join(f"{name} ({one:.0f} ms)" for name, one in eager["milliseconds"].items())
    by = ", ".join(sorted(set(eager["backend"].values())))
    return (
        f"Whole `predict` without overlays, from {eager['slices']} files to rows ({by}): "
        f"{eager['per_second']:.1f} slices/s, {eager['ratio']:.1f} times as many as {pair}, random "
        "weights, one slice at a time in eager torch float32, which reads and writes nothing."
    )


@measured
def backends(result: Measured) -> str:
    """How far each pair of backends is from torch."""
    rows = [
        [
            pair,
            f"{figures['probability_largest']:.4f} ({figures['probability_mean']:.4f})",
            f"{figures['probability_beyond']} of {figures['judged']}",
            f"{figures['flips']}",
            f"{figures['dice_least']:.4f} ({figures['dice_mean']:.4f})",
            f"{figures['boxes_moved']}",
            "yes" if figures["within_bounds"] else "no",
        ]
        for pair, figures in result["pairs"].items()
    ]
    head = ["stage 1 + stage 2", "probability moves, most (mean)", "by more than 0.01"]
    head += ["labels flipped", "least Dice of a mask (mean)", "boxes moved", "within bounds"]
    every = "" if result["every"] == 1 else f", every {result['every']}. file"
    data = ", ".join(result["data"])
    return (
        f"{table_of(head, rows)}\n\n{result['slices']} slices ({data}{every}), "
        f"{result['segmenter']} and {result['classifier']}. Bounds: probability 0.01, 0.5 % of the "
        "labels, Dice 0.995."
    )


@measured
def light_install(result: Measured) -> str:
    """Megabytes on disk, and seconds to the first row."""
    total, *largest = (f"{name} {size:.0f}" for name, size in result["megabytes"].items())
    rows = [
        [what, *(", ".join(f"{run[key]:.1f}" for run in runs) for key in ("seconds", "processor"))]
        for what, runs in result["first_row"].items()
    ]
    table = table_of(["input", "first row after, s", "of it processor time, s"], rows)
    machine = f"{result['cores']} cores, of which other work wanted {result['load']}"
    disk = f"On disk, in MB: {total} ({', '.join(largest)})."
    return f"{disk}\n\n{table}\n\nEach run of `predict` is a figure ({machine})."


@measured
def killed(result: Measured) -> str:
    """What a run lost that was killed and resumed again and again."""
    at = result["killed_at_row"]
    return (
        f"{result['kills']} kills of a run of {result['slices']} slices, at row {min(at)} to "
        f"{max(at)}: {result['rows']} rows, {result['lost']} lost, {result['doubled']} doubled; "
        f"files that differ from an undisturbed run: {len(result['different_files'])}."
    )


@measured
def damaged(result: Measured) -> str:
    """What became of damaged files."""
    of_suffix: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    for kind, found in result["kinds"].items():
        of_suffix[kind.partition(".")[2]] += found["files"]
        rows.update(found)
    files = ", ".join(f"{suffix} {count}" for suffix, count in sorted(of_suffix.items()))
    return (
        f"{result['files']:,} damaged files ({files}): {len(result['crashes'])} crashes, "
        f"{len(result['hangs'])} longer than {result['seconds']:g} s (the longest: "
        f"{result['longest']:.1f} s), {len(result['undeclared'])} without a row as it should be; "
        f"{rows['slices']:,} slices in range, {rows['refused']:,} sentences."
    )
