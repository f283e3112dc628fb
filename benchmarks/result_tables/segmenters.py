"""Tables of what is measured of stage 1: its variants, its speed, and that of lungmask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from result_tables.machines import Measurements, by_machine, described, in_words
from result_tables.markdown import count, figure, signed, table_of
from result_tables.measured import Measured, measured

COMPARED_ON = ("lung-masks", "medseg-98", "tcga-hu")
PAIRED = ("dice", "lesion_dice_pooled")


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
                *(figure(figures.get(source, {}).get("dice")) for source in COMPARED_ON),
                figure(min(worst, key=lambda one: one["value"], default=None)),
                count(figures.get("tcga-hu", {}).get("empty")),
                figure(figures.get("lung-masks", {}).get("lesion_dice_pooled")),
                *(signed((variant.get("against_shipped") or {}).get(key)) for key in PAIRED),
                f"{variant['parameters'] / 1e6:.1f} M",
                f"{variant['milliseconds']:.0f}",
                "-" if variant.get("minutes") is None else f"{variant['minutes']:.0f}",
            ]
        )
    head = ["variant", *(f"Dice, {source}" for source in COMPARED_ON), "worst tenth, least of them"]
    head += ["left empty, tcga-hu", "lesion Dice, pooled, lung-masks"]
    head += ["Dice minus shipped", "lesion Dice minus shipped"]
    table = table_of([*head, "parameters", "ms a slice", "minutes"], rows)
    return (
        f"{table}\n\n`{result['config']}`, {result['epochs']} epochs, {result['steps']} steps, "
        f"seed {result['seed']}, validation patients. Minus shipped: paired over the slices of "
        "all three sources, intervals over patients. An interval that contains 0 decides nothing, "
        "nor does a difference about as large as that of another seed. "
        "Milliseconds: torch float32, one slice of "
        f"{result['data']['size']} px at a time unless the row says otherwise, "
        f"{in_words(result['machine'])}."
    )


@measured
def afterwards(result: Measured) -> str:
    """What averages and thresholds would have done on the held-out patients and elsewhere."""
    keys = ("dice", "worst_decile", "lesion_dice_pooled")
    rows = [
        [name, *(figure(figures[key]) for key in keys)]
        for name, figures in result["held_out"].items()
    ]
    table = table_of(
        ["held-out patients, each slice", "mean Dice", "worst tenth", "lesion Dice, pooled"], rows
    )
    there = result["elsewhere"]
    shares = "; ".join(
        f"{name} {auc['mask']:.3f} ({auc['expected']:.3f})" for name, auc in there["auc"].items()
    )
    return (
        f"{table}\n\n{result['network']}, averages of the slice and of altered copies of it; AUC "
        f"of the lesion share by its mask (as expected) on {there['slices']} slices of "
        f"{there['data']}: {shares}."
    )


@measured
def inverted(result: Measured) -> str:
    """How many pictures are taken the other way round."""
    keys = ("slices", "turned_as_they_are", "turned_rotated", "turned_inverted")
    rows = [[name, *(str(counts[key]) for key in keys)] for name, counts in result["sets"].items()]
    head = ["turned as they are", "turned when rotated by 30 degrees", "turned when inverted"]
    return table_of(["data", "slices", *head], rows)


@by_machine
def segmenter_speed(found: Measurements) -> str:
    """Milliseconds a slice of stage 1 by backend, and of decoders."""
    results = list(found.values())
    sizes = [
        (kind, key)
        for kind, result in found.items()
        for key in next(iter(result["backends"].values()))
        if key.startswith("batch ")
    ]
    rows = []
    for name in _names(results, "backends"):
        here = {kind: result["backends"].get(name) for kind, result in found.items()}
        known = [figures for figures in here.values() if figures]
        rows.append(
            [
                name,
                *(_milliseconds(here[kind], key) for kind, key in sizes),
                f"{max(figures['largest_difference'] for figures in known):.5f}",
                f"{100 * max(figures['changed_share'] for figures in known):.2f} %",
            ]
        )
    head = ["backend", *(f"{kind}, {key}" for kind, key in sizes)]
    table = table_of([*head, "largest difference of probability", "mask pixels changed"], rows)
    kinds = [(kind, one) for kind in found for one in ("float32", "bfloat16")]
    decoders = []
    for name in _names(results, "decoders"):
        here = {kind: result["decoders"].get(name) for kind, result in found.items()}
        base = {kind: next(iter(result["decoders"].values())) for kind, result in found.items()}
        parameters = next(one["parameters"] for one in here.values() if one)
        cells = [_milliseconds(here[kind], one, base[kind]) for kind, one in kinds]
        decoders.append([name, f"{parameters / 1e6:.2f} M", *cells])
    head = ["decoder", "parameters", *(f"{kind}, {one}" for kind, one in kinds)]
    first = results[0]
    return (
        f"{table}\n\n{table_of(head, decoders)}\n\nMilliseconds a slice, {first['network']}, "
        f"{first['size']} px. {described(found)}. Differences from torch float32 on "
        f"{first['samples']} phantoms, the largest of all machines. Decoders in OpenVINO at batch "
        "1 (in brackets: relative to the first)."
    )


@by_machine
def against_lungmask(found: Measurements) -> str:
    """Slices per second of stage 1 and of lungmask."""
    results = list(found.values())
    ways = [(kind, how) for kind, one in found.items() for how in one["speed"]["lungmask"]]
    rows = []
    for name in _names(results, "speed"):
        here = [found[kind]["speed"].get(name, {}).get(how) for kind, how in ways]
        rows.append(
            [
                name,
                *("-" if f is None else f"{f['per_second']:.2f} ({f['ratio']:.0f})" for f in here),
            ]
        )
    first = results[0]
    lungmask = first["lungmask"]
    head = ["slices/s (ratio)", *(f"{kind}, {how}" for kind, how in ways)]
    return (
        f"{table_of(head, rows)}\n\n{first['segmenter']} with its cleaning, by backend, "
        f"and lungmask {lungmask['version']} (R231, {lungmask['parameters'] / 1e6:.0f} M "
        f"parameters, {lungmask['weights']} weights, torch float32), without its postprocessing: "
        f"{first['slices']} phantoms of {first['size']} px, from HU to masks. {described(found)}. "
        f"The aim was {first['aim']} times as many."
    )


def _names(results: Iterable[Measured], key: str) -> list[str]:
    """The rows of all ``results`` under ``key``, each once, as they come."""
    return list(dict.fromkeys(name for result in results for name in result[key]))


def _milliseconds(
    figures: Mapping[str, Any] | None, key: str, base: Mapping[str, Any] | None = None
) -> str:
    """Those of ``key``, in brackets as a share of ``base``; ``-`` where there are none."""
    if figures is None or key not in figures:
        return "-"
    own = figures[key]["milliseconds"]
    return f"{own:.1f}" if base is None else f"{own:.1f} ({own / base[key]['milliseconds']:.2f})"
