"""Tables of what is measured of ``predict``: speed, memory, backends, its install, and mishaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from result_tables.machines import Measurements, by_machine
from result_tables.markdown import table_of
from result_tables.measured import Measured, measured

EAGER = "eager torch float32"
SPEEDS = ("one_at_a_time_per_second", "per_second")
WHOLE = ("eager", "pair")  # the parts that time the whole
AIMS = (
    "The aims for the shipped default were 8 times as many slices/s as the eager pair, 40 slices/s "
    "with AVX-512 and 90 with AMX; for the pair in `predict`, 45 with AMX."
)


@by_machine
def speed(found: Measurements) -> str:
    """Slices per second of each part and of the whole, and memory."""
    lines = [_parts(found)]
    if any(part in result for result in found.values() for part in WHOLE):
        lines.append(_whole(found))
    if any("memory" in result for result in found.values()):
        lines.append(_memories(found))
    return "\n\n".join(lines)


def _parts(found: Measurements) -> str:
    names = dict.fromkeys(part for result in found.values() for part in result["speed"])
    rows = [
        [part, *(cell for one in found.values() for cell in _speeds(one["speed"].get(part)))]
        for part in names
    ]
    ways = ("one slice at a time", "batched (ratio)")
    head = ["part, slices/s", *(f"{kind}, {way}" for kind in found for way in ways)]
    return table_of(head, rows)


def _speeds(figures: Mapping[str, float] | None) -> list[str]:
    if figures is None:
        return ["-", "-"]
    one, many = (f"{figures[key]:.2f}" for key in SPEEDS)
    return [one, f"{many} ({figures['ratio']:.2f})"]


def _whole(found: Measurements) -> str:
    """The whole by networks and backend, a column a machine."""
    cells = {kind: _whole_cells(result) for kind, result in found.items()}
    names = dict.fromkeys(name for of_one in cells.values() for name in of_one)
    rows = [[*name, *(of_one.get(name, "-") for of_one in cells.values())] for name in names]
    head = ["networks", "by", *(f"{kind}, slices/s (ratio)" for kind in found)]
    parts = [result[part] for result in found.values() for part in WHOLE if part in result]
    lines = [
        f"Whole `predict` without overlays, from files to rows ({_files(found)}; the more files, "
        "the less the start counts). The ratio is to the eager pair, which reads and writes "
        "nothing:",
        table_of(head, rows),
        "The eager pair has random weights and sees one slice at a time"
        f"{_pair_milliseconds(found)}. {AIMS}",
    ]
    if any("predict" in part for part in parts):
        beyond = "outside the [bounds of difference](docs/program.md#backends)"
        lines[-1] += f" Bfloat16 is {beyond}. {_judged(parts)}"
    if any("pair" in result for result in found.values()):
        lines[-1] += (
            " Stages 1 other than the shipped one were trained for a minute on phantoms, so that "
            "they find some lungs."
        )
    return "\n\n".join(lines)


def _files(found: Measurements) -> str:
    """How many files each machine was given, for the shipped default and for pairs of networks."""
    names = {"eager": "the shipped default", "pair": "the others"}
    return "; ".join(
        f"{kind}, {names[part]}: {result[part]['slices']:,}"
        for kind, result in found.items()
        for part in WHOLE
        if part in result
    )


def _judged(parts: Sequence[Mapping[str, Any]]) -> str:
    """How many slices had work for stage 2, by networks, the fewest of all runs."""
    judged: dict[str, int] = {}
    for run in (run for part in parts for run in part.get("predict", [])):
        name = run["networks"]
        judged[name] = min(run["judged"], judged.get(name, run["judged"]))
    said = ", ".join(f"{name} {count}" for name, count in judged.items())
    return f"Slices with lungs, which reach stage 2: {said}."


def _whole_cells(result: Measured) -> dict[tuple[str, str], str]:
    """Speed and ratio by networks and backend; before there were several backends, a result had
    one."""
    cells: dict[tuple[str, str], str] = {}
    for part in (result[part] for part in WHOLE if part in result):
        pair = " and ".join(part["milliseconds"])
        cells.setdefault((pair, EAGER), f"{part['one_at_a_time_per_second']:.1f} (1)")
        for run in part.get("predict", [part]):
            by = ", ".join(sorted(set(run["backend"].values())))
            name = run.get("networks", "the shipped default"), by
            cells[name] = f"{run['per_second']:.1f} ({run['ratio']:.1f})"
    return cells


def _pair_milliseconds(found: Measurements) -> str:
    pairs = {kind: one["eager"]["milliseconds"] for kind, one in found.items() if "eager" in one}
    said = (
        f"{kind} {' and '.join(f'{one:.0f}' for one in pair.values())} ms"
        for kind, pair in pairs.items()
    )
    return f" ({'; '.join(said)})" if pairs else ""


def _memories(found: Measurements) -> str:
    with_memory = {kind: one["memory"] for kind, one in found.items() if "memory" in one}
    side = next(iter(with_memory.values()))["side"]
    cores = next(iter(found.values()))["cores"]
    return (
        f"Peak memory of the largest process of `predict` without overlays, pictures of {side} px, "
        f"{cores} cores: "
        + "; ".join(f"{kind}, {_peaks(memory['peak_mib'])}" for kind, memory in with_memory.items())
        + "."
    )


def _peaks(peaks: Mapping[str, float]) -> str:
    each = ", ".join(f"{int(count):,} inputs {peak:.0f} MiB" for count, peak in peaks.items())
    most = max(peaks.values()) / min(peaks.values()) - 1
    return f"{each} ({100 * most:.0f} % apart)"


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
