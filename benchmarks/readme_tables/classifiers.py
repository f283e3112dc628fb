"""Tables of what is measured of stage 2: other data, what it sees, and where it looks."""

from __future__ import annotations

from readme_tables.markdown import figure, signed, table_of
from readme_tables.measured import Measured, measured


@measured
def elsewhere(result: Measured) -> str:
    """Figures on another hospital's slices."""
    keys = ("auc", "accuracy", "recall", "specificity")
    rows = [
        [name, *(figure(figures.get(key)) for key in keys)]
        for name, figures in result["figures"].items()
    ]
    judged = result["images"] - result["refused"]
    table = table_of(["what ranks the slices", "AUC", "accuracy", "recall", "specificity"], rows)
    return (
        f"{table}\n\n{result['data']}: {judged} of {result['images']} slices judged "
        f"({result['positive']} COVID), {result['refused']} refused by the guard; intervals over "
        "images, for want of patient ids."
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
        figures = (figure(row[key]) for key in ("auc", "accuracy", "recall", "specificity"))
        error = f"{row['ece']['value']:.3f} ({row['ece_by_chance']:.3f})"
        rows.append([row["name"], *figures, difference, error])
    head = ["what the network sees", "AUC", "accuracy", "recall", "specificity"]
    head += [f"AUC minus {result['reference']}", "calibration error (by chance)"]
    floors = "; ".join(f"{one['what']}: {one['value']:.3f}" for one in result["floors"])
    seeds = ", ".join(map(str, result["seeds"]))
    return (
        f"{table_of(head, rows)}\n\n{result['data']['name']}, {result['data']['judged_on']}: "
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
        line[row["tested_on"]] = figure(row["auc"])
    head = ["what ranks the slices", "trained on"]
    head += [f"AUC on {name}" for name in tested_on]
    return table_of(
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
                    *(figure(seen.get(key)) for key in ("energy_inside", "lung_share", "ratio")),
                    f"{found['of_lungs']:.3f}",
                    figure(box.get("ratio")),
                ]
            )
    head = ["network", "slices", "energy inside the lungs", "by chance", "ratio"]
    table = table_of([*head, "a map of the lungs", "ratio within the lungs' box"], rows)
    first = next(iter(result["classifiers"]))
    more = "; ".join(
        f"{signed(found['seen'])} than {other}, within the lungs' box {signed(found['box'])}"
        for other, found in result["first_minus"].items()
    )
    every = "" if result["every"] == 1 else f", each {result['every']}. slice"
    return (
        f"{table}\n\n{result['images']} slices of {result['patients']} patients "
        f"({result['data']}{every}), intervals over patients. Paired, {first} has more inside the "
        f"lungs: {more}."
    )
