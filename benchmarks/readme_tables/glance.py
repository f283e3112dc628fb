"""The table at the top: each question with its figure, what to hold against it, and the aim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from readme_tables.markdown import figure, signed, table_of
from readme_tables.measured import Measured

HELD_OUT = "held-out patients lung-masks"
SOURCES = (
    "transfer",
    "ablation",
    "explanation",
    "predict_speed",
    "kill_and_resume",
    "mutated_inputs",
)


def glance(cards: Mapping[str, Mapping[str, Any]], found: Mapping[str, Measured]) -> str:
    """``cards`` of the shipped networks by name, what was ``found`` by each of ``SOURCES``."""
    segmenter, classifier = cards["attention-unet-lite0"], cards["lesions-and-look"]
    held_out, home = segmenter["figures"][HELD_OUT], "covid-ct"
    elsewhere = {row["row"]: row for row in found["transfer"]["rows"] if row["tested_on"] != home}
    default, look, share = (
        elsewhere[name] for name in ("lesions-and-look", "look", "lesion share alone")
    )
    [share_at_home] = (
        figure(row["auc"])
        for row in found["transfer"]["rows"]
        if (row["row"], row["tested_on"]) == ("lesion share alone", home)
    )
    folds = {row["name"]: figure(row["auc"]) for row in found["ablation"]["rows"]}
    [cropped] = (row for row in found["ablation"]["rows"] if row["name"] == "crop-r5")
    gain = cropped["against"]
    floors = [
        f"{one['what'].partition(',')[0]} {one['value']:.3f}" for one in found["ablation"]["floors"]
    ]
    at_home = classifier["figures_by_source"]["val"][home]["auc"]
    inside, of_look, *_ = (
        one["all"]["seen"] for one in found["explanation"]["classifiers"].values()
    )
    eager, killed = found["predict_speed"]["eager"], found["kill_and_resume"]
    damaged = found["mutated_inputs"]
    rows: list[Sequence[str]] = [
        (
            f"lungs of {held_out['dice']['n_groups']} patients never trained on, of the source "
            "that was trained on, mean Dice",
            figure(held_out["dice"]),
            f"worst tenth {figure(held_out['worst_decile'])}",
            "0.98; 0.96",
        ),
        ("their lesions, Dice, pooled", figure(held_out["lesion_dice_pooled"]), "-", "0.78"),
        (
            "COVID-19 at another hospital, trained without it, AUC",
            figure(default["auc"]),
            f"optimistic, its labels chose between parts; too narrow, over images; recall "
            f"{figure(default['recall'])} from a probability of 0.5 on; the look alone "
            f"{figure(look['auc'])}; the share of lesion, no label learned {figure(share['auc'])}, "
            f"but on COVID-CT, whose controls are ill otherwise, {share_at_home}",
            "0.92",
        ),
        (
            "COVID-19 on COVID-CT's validation, shipped weights, AUC",
            figure(at_home),
            f"a forest on 24 x 24 pixels without lungs "
            f"{figure(classifier['floor_by_source'][home])}",
            "-",
        ),
        (
            "does segmentation help on COVID-CT? AUC of the lung crop, 5 folds",
            folds["crop-r5"],
            f"whole slice {folds['full']}, from which it differs by "
            f"{signed({**gain, 'value': gain['auc']})}; lungs removed {folds['background']}; "
            + "; ".join(floors),
            "0.92",
        ),
        (
            "evidence inside the lungs",
            figure(inside["energy_inside"]),
            f"by chance {figure(inside['lung_share'])}; of the look alone "
            f"{figure(of_look['energy_inside'])}",
            "0.7",
        ),
        (
            "slices a second, 2 cores, files to rows",
            f"{eager['per_second']:.1f}",
            f"{eager['ratio']:.1f} times {' and '.join(eager['milliseconds'])} in eager torch",
            "40; 8 times",
        ),
        (
            f"killed {killed['kills']} times, and resumed",
            f"{killed['lost']} of {killed['rows']} rows lost",
            f"{killed['doubled']} doubled, {len(killed['different_files'])} files differ",
            "0",
        ),
        (
            f"{damaged['files']:,} damaged files",
            f"{len(damaged['crashes'])} crashes",
            f"{len(damaged['hangs'])} hangs, {len(damaged['undeclared'])} without a row",
            "0",
        ),
    ]
    return table_of(["question", "figure", "beside it", "aim"], rows)
