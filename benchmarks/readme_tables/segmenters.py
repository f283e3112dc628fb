"""Tables of what is measured of stage 1: its variants, its speed, and that of lungmask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readme_tables.markdown import count, figure, signed, table_of
from readme_tables.measured import Measured, measured

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
        "all three sources, intervals over patients; one that holds 0 decides nothing, nor one "
        "about as far from 0 as that of another seed. "
        "Milliseconds: torch float32, one slice of "
        f"{result['data']['size']} px at a time if nothing else is said, "
        f"{_machine(result['machine'])}."
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
    table = table_of([*head, "largest difference of probability", "mask pixels changed"], rows)
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
        f"{table}\n\n{table_of(head, decoders)}\n\n{result['network']}, {result['size']} px, "
        f"{_machine(result['machine'])}; differences from torch float32 on {result['samples']} "
        "phantoms. Decoders at batch 1 (in brackets: of the first)."
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
        f"{table_of(head, rows)}\n\n{result['segmenter']} with its cleaning, by backend, "
        f"and lungmask {lungmask['version']} (R231, {lungmask['parameters'] / 1e6:.0f} M "
        f"parameters, {lungmask['weights']} weights, torch float32), without its postprocessing: "
        f"{result['slices']} phantoms of {result['size']} px, from HU to masks, "
        f"{_machine(result['machine'])}. The aim was {result['aim']} times as many."
    )


def _machine(machine: Mapping[str, Any]) -> str:
    features = ", ".join(machine["features"]) or "features unknown"
    return f"{machine['threads']} threads on {machine['processor']} ({features})"
