"""Tables of what is measured of stage 2: other data, what it sees, and where it looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from result_tables.markdown import figure, signed, table_of
from result_tables.measured import Measured, measured

Row = Mapping[str, Any]


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
        "images, because patient ids are missing."
    )


@measured
def ablation(result: Measured) -> str:
    """Every row of ``ablate``, and how far its AUC and accuracy lie from those of the reference."""
    rows = []
    for row in result["rows"]:
        against = row["against"]
        difference = p_of_accuracy = "-"
        if against is not None:
            interval = f"{against['low']:+.3f} to {against['high']:+.3f}"
            difference = f"{against['auc']:+.3f} ({interval}), p {_p(against['p_holm'])}"
            p_of_accuracy = _p(against["accuracy_p_holm"])
        figures = (figure(row[key]) for key in ("auc", "accuracy", "recall", "specificity"))
        error = f"{row['ece']['value']:.3f} ({row['ece_by_chance']:.3f})"
        rows.append([row["name"], *figures, difference, p_of_accuracy, error])
    head = ["row", "AUC", "accuracy", "recall", "specificity"]
    reference = result["reference"]
    head += [f"AUC minus {reference}", f"accuracy against {reference}, p"]
    head += ["calibration error (by chance)"]
    floors = "; ".join(map(_floor, result["floors"]))
    seeds = ", ".join(map(str, result["seeds"]))
    patients = f"{result['clustered_by']}s"
    return (
        f"{table_of(head, rows)}\n\n{result['data']['name']}, {result['data']['judged_on']}: "
        f"{result['n_images']} slices of {result['n_groups']} {patients}, seed {seeds}. "
        f"AUC minus {reference}: DeLong over {patients}; p after Holm over all rows, the intervals "
        f"uncorrected. p of accuracy: exact McNemar over {patients}, after Holm. "
        f"Floors, AUC: {floors}."
    )


@measured
def transfer(result: Measured) -> str:
    """AUC of every row of a cross test on every data set; what was not trained on shows too what a
    probability of 0.5 is worth there, since calibration may not carry over where ranks do."""
    rows = result["rows"]
    columns: list[str] = []
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        cells = {f"AUC on {row['tested_on']}": figure(row["auc"])}
        if row["seen"] == "unseen" and "recall" in row:
            cells |= {
                f"{name} on {row['tested_on']}": figure(row[name])
                for name in ("recall", "specificity")
            }
        columns += [name for name in cells if name not in columns]
        lines.setdefault((row["row"], row["trained_on"]), {}).update(cells)
    table = table_of(
        ["what ranks the slices", "trained on", *columns],
        [[*key, *(line.get(name, "-") for name in columns)] for key, line in lines.items()],
    )
    called = " Recall and specificity: COVID is a calibrated probability of at least 0.5."
    return f"{table}\n\n{' '.join(_tested_on(rows))}{called if 'recall on' in table else ''}"


@measured
def by_paper(result: Measured) -> str:
    """Intervals over patients beside those over papers, with what is compared below."""
    head = ["AUC in folds of COVID-CT", "interval over patients", "interval over papers"]
    found = [(result["rows"], figure), (result["differences"], signed)]
    rows = [
        [name, shown(of["patient"]), shown(of["paper"])]
        for some, shown in found
        for name, of in some.items()
    ]
    return (
        f"{table_of(head, rows)}\n\n{result['images']} slices of {result['patients']} patients, "
        f"{result['patients_with_covid']} of them with COVID-19; {result['units']} papers and "
        f"patients of no paper, {result['units_with_covid']} of them with COVID-19."
    )


def _tested_on(rows: Sequence[Row]) -> Iterator[str]:
    """How many slices, and of whom, each data set has; and the rows that have others."""
    for name in dict.fromkeys(row["tested_on"] for row in rows):
        first, *others = (row for row in rows if row["tested_on"] == name)
        other = [
            f"{row['row']}: {_slices(row)}" for row in others if _slices(row) != _slices(first)
        ]
        yield f"{name}: {_slices(first)}" + (f" ({'; '.join(other)})." if other else ".")


def _slices(row: Row) -> str:
    if row["clustered_by"] == "image":
        of = f"{row['n_images']:,} slices, intervals over images and so too narrow"
    else:
        of = f"{row['n_images']} slices of {row['n_groups']} {row['clustered_by']}s"
    return of if row["seen"] == "unseen" else f"{of}, {row['seen']}"


def _floor(floor: Row) -> str:
    what = floor["what"].removesuffix(", AUC on validation")
    over = ", mean over folds" if floor["low"] is None else ""
    return f"{what}: {floor['value']:.3f}{over}"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.2f}"


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
