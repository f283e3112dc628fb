"""Rewrite the figures in README.md from the cards; no hand does.

    python benchmarks/write_tables.py

Cards of the shipped weights lie in ``checkpoints/``, those of other seeds, trained from a config of
today and not shipped, in ``benchmarks/seeds/``, those of other recipes in
``benchmarks/tried/``. The other hospital is the output of ``python benchmarks/other_hospital.py``,
the energy inside the lungs that of ``python benchmarks/explanation.py``, the ablation and the
transfer those of ``python -m pipelines.ablate`` and ``cross``.
``compare_segmenters.py``, ``segmenter_speed.py``, ``light_install.py``,
``backend_difference.py``, ``predict_speed.py``, ``against_lungmask.py``, ``kill_and_resume.py`` and
``mutated_inputs.py`` write their JSON files themselves.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "benchmarks"
BEGIN, END = "<!-- {}: written by benchmarks/write_tables.py -->", "<!-- end -->"
COMPARED_ON = ("lung-masks", "medseg-98", "tcga-hu")
PAIRED = ("dice", "lesion_dice_pooled")
Card = dict[str, Any]
Measured = dict[str, Any]


def main() -> None:
    """Replace what stands between the markers of README.md."""
    readme = ROOT / "README.md"
    readme.write_text(with_tables(readme.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(text: str) -> str:
    """``text`` with the tables of today between its markers."""
    cards = [*_cards(ROOT / "checkpoints"), *_cards(BENCHMARKS / "seeds")]
    others = list(_cards(BENCHMARKS / "tried"))
    segmenters = [card for card in [*cards, *others] if card["kind"] == "segmenter"]
    classifiers = [card for card in cards if card["kind"] == "classifier"]
    text = _replaced(text, "stage 1", stage_one(segmenters))
    text = _replaced(text, "lesion share", lesion_share(segmenters))
    text = _replaced(text, "stage 1 compared", compared(BENCHMARKS / "compare_segmenters.json"))
    text = _replaced(text, "stage 1 speed", segmenter_speed(BENCHMARKS / "segmenter_speed.json"))
    text = _replaced(text, "stage 2", stage_two(classifiers))
    text = _replaced(text, "tried", tried([c for c in [*cards, *others] if "lite2" in c["name"]]))
    text = _replaced(text, "weights", weights(cards))
    text = _replaced(text, "elsewhere", elsewhere(BENCHMARKS / "other_hospital.json"))
    text = _replaced(text, "audit speed", audit_speed(BENCHMARKS / "audit_speed.json"))
    text = _replaced(text, "ablation", ablation(BENCHMARKS / "ablation.json"))
    text = _replaced(text, "transfer", transfer(BENCHMARKS / "transfer.json"))
    text = _replaced(text, "explanation", explanation(BENCHMARKS / "explanation.json"))
    text = _replaced(text, "light install", light_install(BENCHMARKS / "light_install.json"))
    text = _replaced(text, "killed", killed(BENCHMARKS / "kill_and_resume.json"))
    text = _replaced(text, "damaged", damaged(BENCHMARKS / "mutated_inputs.json"))
    text = _replaced(text, "backends", backends(BENCHMARKS / "backend_difference.json"))
    text = _replaced(text, "lungmask", against_lungmask(BENCHMARKS / "against_lungmask.json"))
    text = _replaced(text, "speed", speed(BENCHMARKS / "predict_speed.json"))
    return text


def measured(table: Callable[[Measured], str]) -> Callable[[Path], str]:
    """``table`` of what a benchmark wrote, for its file; where there is none, "not measured"."""

    @wraps(table)
    def of_file(path: Path) -> str:
        return table(json.loads(path.read_text())) if path.is_file() else "not measured"

    return of_file


def stage_one(cards: Sequence[Card]) -> str:
    """Dice of every seed on every source."""
    rows = []
    for card in cards:
        for data, figures in card["figures"].items():
            of_lung = figures.get("dice") or figures["empty"]
            rows.append(
                [
                    f"{card['name']}, seed {card['training']['seed']}",
                    data,
                    f"{of_lung['n']} / {of_lung['n_groups']}",
                    *(_figure(figures.get(key)) for key in ("dice", "worst_decile")),
                    _count(figures.get("empty")),
                    _count(figures.get("refused")),
                    _figure(figures.get("lesion_dice_pooled")),
                ]
            )
    head = ["network", "data", "slices / patients", "mean Dice", "worst tenth"]
    head += ["left empty where no lung", "taken for no chest CT", "lesion Dice, pooled"]
    return _table(head, rows)


def lesion_share(cards: Sequence[Card]) -> str:
    """Predicted against true share of the lung that is lesion, by mask and by probability."""
    rows = [
        [
            f"{card['name']}, seed {card['training']['seed']}",
            data,
            how,
            *(_figure(figures.get(f"{key}_{part}")) for part in ("error", "bias", "slope")),
        ]
        for card in cards
        for data, figures in card["figures"].items()
        for how, key in (("mask", "lesion_share"), ("expected", "expected_share"))
        if f"{key}_error" in figures and "stress" not in data
    ]
    return _table(["network", "data", "share", "mean error", "bias", "slope"], rows)


def stage_two(cards: Sequence[Card]) -> str:
    """Validation figures of every seed on each source that it learned, with the floor."""
    rows = []
    for card in sorted(cards, key=lambda c: (c["name"], c["training"]["seed"])):
        training = card["training"]
        sources = card.get("figures_by_source", {}).get("val", {})
        by_source = {name: one for name, one in sources.items() if name != "mean_auc"}
        for source, figures in (by_source or {training["data"]: card["figures"]["val"]}).items():
            rows.append(
                [
                    f"{card['name']}, seed {training['seed']}",
                    card["region"],
                    {"none": "random", "package": "ImageNet"}.get(
                        training["started_from"], "a file"
                    ),
                    f"{training['epochs']} (kept: {training['best_epoch'] + 1})",
                    source,
                    *(_figure(figures[k]) for k in ("auc", "accuracy", "recall", "specificity")),
                    _figure(card["floor"]),
                ]
            )
    head = ["network", "region", "start", "epochs", "validated on", "AUC", "accuracy", "recall"]
    return _table([*head, "specificity", "floor: AUC without lungs, all sources"], rows)


def tried(cards: Sequence[Card]) -> str:
    """Validation AUC of every recipe, the shipped ones among them."""
    rows = []
    for card in cards:
        training = card["training"]
        model, data = training["recipe"]["model"], training["recipe"]["data"]
        rows.append(
            [
                card["region"],
                f"{data['size']} px",
                data["augmentation"],
                f"{model.get('mixup', 0)}",
                f"{model['learning_rate']}",
                f"{training['epochs']}",
                f"{training['seed']}",
                _figure(card["figures"]["val"]["auc"]),
            ]
        )
    head = ["region", "input", "augmentation", "mixup", "rate", "epochs", "seed", "validation AUC"]
    return _table(head, sorted(rows))


def weights(cards: Sequence[Card]) -> str:
    """Size of the shipped weights, and what half precision cost."""
    rows = []
    for card in cards:
        file = ROOT / "checkpoints" / f"{card['name']}.safetensors"
        if not file.is_file() or json.loads(file.with_suffix(".json").read_text()) != card:
            continue
        cost = ", ".join(
            f"{what.replace('_', ' ')} {by:+.4f}"
            for what, by in card["half_precision_cost"].items()
        )
        rows.append(
            [
                card["name"],
                f"{card['parameters'] / 1e6:.1f} M",
                f"{file.stat().st_size / 1e6:.1f} MB",
                cost,
            ]
        )
    return _table(["weights", "parameters", "file", "cost of half precision"], rows)


@measured
def elsewhere(result: Measured) -> str:
    """Figures on another hospital's slices."""
    keys = ("auc", "accuracy", "recall", "specificity")
    rows = [
        [name, *(_figure(figures.get(key)) for key in keys)]
        for name, figures in result["figures"].items()
    ]
    judged = result["images"] - result["refused"]
    table = _table(["what ranks the slices", "AUC", "accuracy", "recall", "specificity"], rows)
    return (
        f"{table}\n\n{result['data']}: {judged} of {result['images']} slices judged "
        f"({result['positive']} COVID), {result['refused']} refused by the guard; intervals over "
        "images, for want of patient ids."
    )


@measured
def audit_speed(result: Measured) -> str:
    """Seconds and memory of the search for copies by the number of pictures."""
    rows = [
        [
            f"{int(count):,}",
            f"{found['seconds']:.0f}",
            f"{found['cpu_s']:.0f}",
            f"{found['candidates'] / int(count):.1f}",
            f"{found['planted_found']} of {found['planted']}",
            str(found["other_pairs"]),
            f"{found['peak_memory_mib']:,}",
        ]
        for count, found in result["counts"].items()
    ]
    head = ["pictures", "s", "processor s", "pairs compared a picture", "copies found"]
    growth = " and ".join(str(power) for power in result["growth_cpu"][-2:])
    return (
        f"{_table([*head, 'other pairs', 'peak memory, MiB'], rows)}\n\n"
        f"{result['cores']} cores; the processor time of the last two grew with the power {growth} "
        "of the number of pictures (1: each costs the same; 2: all pairs)."
    )


@measured
def ablation(result: Measured) -> str:
    """Every row of ``ablate``, and how far its AUC lies from that of the reference."""
    rows = []
    for row in result["rows"]:
        against = row["against"]
        difference = "-"
        if against is not None:
            interval = f"{against['low']:+.3f} to {against['high']:+.3f}"
            difference = f"{against['auc']:+.3f} ({interval}), p {against['p_holm']:.2f}"
        figures = (_figure(row[key]) for key in ("auc", "accuracy", "recall", "specificity"))
        error = f"{row['ece']['value']:.3f} ({row['ece_by_chance']:.3f})"
        rows.append([row["name"], *figures, difference, error])
    head = ["what the network sees", "AUC", "accuracy", "recall", "specificity"]
    head += [f"AUC minus {result['reference']}", "calibration error (by chance)"]
    floors = "; ".join(f"{one['what']}: {one['value']:.3f}" for one in result["floors"])
    seeds = ", ".join(map(str, result["seeds"]))
    return (
        f"{_table(head, rows)}\n\n{result['data']['name']}, {result['data']['judged_on']}: "
        f"{result['n_images']} slices of {result['n_groups']} {result['clustered_by']}s, seed "
        f"{seeds}. Floors, AUC: {floors}."
    )


@measured
def transfer(result: Measured) -> str:
    """AUC of every row of a cross test on every data set."""
    rows = result["rows"]
    tested_on = list(dict.fromkeys(row["tested_on"] for row in rows))
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        line = lines.setdefault((row["row"], row["trained_on"]), {})
        line[row["tested_on"]] = _figure(row["auc"])
    head = ["what ranks the slices", "trained on"]
    head += [f"AUC on {name}" for name in tested_on]
    return _table(
        head,
        [[*key, *(line.get(name, "-") for name in tested_on)] for key, line in lines.items()],
    )


@measured
def explanation(result: Measured) -> str:
    """Energy of Grad-CAM inside the lungs of each classifier, against chance."""
    rows = []
    for name, found in result["classifiers"].items():
        for of, said in (("all", "all"), ("called_covid", "called COVID")):
            seen, box = found[of]["seen"], found[of]["box"]
            rows.append(
                [
                    f"{found['region']}: {name}",
                    f"{seen['n']} {said}",
                    *(_figure(seen.get(key)) for key in ("energy_inside", "lung_share", "ratio")),
                    f"{found['of_lungs']:.3f}",
                    _figure(box.get("ratio")),
                ]
            )
    head = ["network", "slices", "energy inside the lungs", "by chance", "ratio"]
    table = _table([*head, "a map of the lungs", "ratio within the lungs' box"], rows)
    first = next(iter(result["classifiers"]))
    more = "; ".join(
        f"{_signed(found['seen'])} than {other}, within the lungs' box {_signed(found['box'])}"
        for other, found in result["first_minus"].items()
    )
    every = "" if result["every"] == 1 else f", each {result['every']}. slice"
    return (
        f"{table}\n\n{result['images']} slices of {result['patients']} patients "
        f"({result['data']}{every}), intervals over patients. Paired, {first} has more inside the "
        f"lungs: {more}."
    )


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
    table = _table(["part", "one slice at a time, slices/s", "batched, slices/s", "ratio"], rows)
    lines = [table]
    if "memory" in result:
        lines.append(_memory(result["memory"], result["cores"]))
    if "eager" in result:
        lines.append(_against_eager(result["eager"]))
    return "\n\n".join(lines)


def _memory(memory: dict[str, Any], cores: int) -> str:
    peaks = memory["peak_mib"]
    each = ", ".join(f"{int(count):,} inputs {peak:.0f} MiB" for count, peak in peaks.items())
    most = max(peaks.values()) / min(peaks.values()) - 1
    return (
        f"Peak memory of the largest process of `predict` without overlays, pictures of "
        f"{memory['side']} px: {each} ({100 * most:.0f} % apart; {cores} cores)."
    )


def _against_eager(eager: dict[str, Any]) -> str:
    pair = " and ".join(f"{name} ({one:.0f} ms)" for name, one in eager["milliseconds"].items())
    by = ", ".join(sorted(set(eager["backend"].values())))
    return (
        f"Whole `predict` without overlays, from {eager['slices']} files to rows ({by}): "
        f"{eager['per_second']:.1f} slices/s, {eager['ratio']:.1f} times as many as {pair}, random "
        "weights, one slice at a time in eager torch float32, which reads and writes nothing."
    )


@measured
def against_lungmask(result: Measured) -> str:
    """Slices per second of stage 1 and of lungmask."""
    rows = [
        [
            name,
            *(f"{figures['per_second']:.2f} ({figures['ratio']:.0f})" for figures in how.values()),
        ]
        for name, how in result["speed"].items()
    ]
    lungmask = result["lungmask"]
    head = ["", *(f"{how}, slices/s (ratio)" for how in result["speed"]["lungmask"])]
    return (
        f"{_table(head, rows)}\n\n{result['segmenter']} with its cleaning, by backend, "
        f"and lungmask {lungmask['version']} (R231, {lungmask['parameters'] / 1e6:.0f} M "
        f"parameters, {lungmask['weights']} weights, torch float32), without its postprocessing: "
        f"{result['slices']} phantoms of {result['size']} px, from HU to masks, "
        f"{_machine(result['machine'])}. The aim was {result['aim']} times as many."
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
    return (
        f"{_table(head, rows)}\n\n{result['slices']} slices ({', '.join(result['data'])}{every}), "
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
    table = _table(["input", "first row after, s", "of it processor time, s"], rows)
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


@measured
def compared(result: Measured) -> str:
    """Networks and losses of stage 1, a row each."""
    rows = []
    for name, variant in result["variants"].items():
        figures = variant["figures"]
        worst = [of["worst_decile"] for of in figures.values() if "worst_decile" in of]
        rows.append(
            [
                f"{name}: {variant['what']}",
                *(_figure(figures.get(source, {}).get("dice")) for source in COMPARED_ON),
                _figure(min(worst, key=lambda figure: figure["value"], default=None)),
                _count(figures.get("tcga-hu", {}).get("empty")),
                _figure(figures.get("lung-masks", {}).get("lesion_dice_pooled")),
                *(_signed((variant.get("against_shipped") or {}).get(key)) for key in PAIRED),
                f"{variant['parameters'] / 1e6:.1f} M",
                f"{variant['milliseconds']:.0f}",
                "-" if variant.get("minutes") is None else f"{variant['minutes']:.0f}",
            ]
        )
    head = ["variant", *(f"Dice, {source}" for source in COMPARED_ON), "worst tenth, least of them"]
    head += ["left empty, tcga-hu", "lesion Dice, pooled, lung-masks"]
    head += ["Dice minus shipped", "lesion Dice minus shipped"]
    table = _table([*head, "parameters", "ms a slice", "minutes"], rows)
    return (
        f"{table}\n\n`{result['config']}`, {result['epochs']} epochs, {result['steps']} steps, "
        f"seed {result['seed']}, validation patients. Minus shipped: paired over the slices of "
        "all three sources, intervals over patients; one that holds 0 decides nothing. "
        "Milliseconds: torch float32, one slice of "
        f"{result['data']['size']} px at a time if nothing else is said, "
        f"{_machine(result['machine'])}."
    )


@measured
def segmenter_speed(result: Measured) -> str:
    """Milliseconds a slice of stage 1 by backend, and of decoders."""
    rows = []
    for name, figures in result["backends"].items():
        batches = [key for key in figures if key.startswith("batch ")]
        rows.append(
            [
                name,
                *(f"{figures[key]['milliseconds']:.1f}" for key in batches),
                f"{figures['largest_difference']:.5f}",
                f"{100 * figures['changed_share']:.2f} %",
            ]
        )
    head = ["backend", *(f"ms a slice, {key}" for key in batches)]
    table = _table([*head, "largest difference of probability", "mask pixels changed"], rows)
    base = next(iter(result["decoders"].values()))
    decoders = [
        [
            name,
            f"{figures['parameters'] / 1e6:.2f} M",
            *(
                f"{figures[kind]['milliseconds']:.1f} "
                f"({figures[kind]['milliseconds'] / base[kind]['milliseconds']:.2f})"
                for kind in ("float32", "bfloat16")
            ),
        ]
        for name, figures in result["decoders"].items()
    ]
    head = ["decoder", "parameters", "OpenVINO float32, ms", "OpenVINO bfloat16, ms"]
    return (
        f"{table}\n\n{_table(head, decoders)}\n\n{result['network']}, {result['size']} px, "
        f"{_machine(result['machine'])}; differences from torch float32 on {result['samples']} "
        "phantoms. Decoders at batch 1 (in brackets: of the first)."
    )


def _machine(machine: dict[str, Any]) -> str:
    features = ", ".join(machine["features"]) or "features unknown"
    return f"{machine['threads']} threads on {machine['processor']} ({features})"


def _cards(folder: Path) -> Iterable[Card]:
    for path in sorted(folder.glob("*.json")):
        card = json.loads(path.read_text())
        if "kind" in card:
            yield card


def _figure(figure: dict[str, float] | None) -> str:
    if figure is None:
        return "-"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _signed(figure: dict[str, float] | None) -> str:
    if figure is None:
        return "-"
    return f"{figure['value']:+.3f} ({figure['low']:+.3f} to {figure['high']:+.3f})"


def _count(share: dict[str, float] | None) -> str:
    return "-" if share is None else f"{share['value'] * share['n']:.0f} of {share['n']}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _replaced(text: str, name: str, table: str) -> str:
    begin = BEGIN.format(name)
    before, found, rest = text.partition(begin)
    if not found:
        raise SystemExit(f"README.md has no marker {begin}")
    _, _, after = rest.partition(END)
    return f"{before}{begin}\n{table}\n{END}{after}"


if __name__ == "__main__":
    main()
