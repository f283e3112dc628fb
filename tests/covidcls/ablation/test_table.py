"""The table of an ablation in every form, and what stands beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes

from covidcls.ablation.cells import Row, region_rows
from covidcls.ablation.drawing import draw_margins, draw_roc, margin_table, roc_table
from covidcls.ablation.floors import floors_of
from covidcls.ablation.predictions import RowScores
from covidcls.ablation.report import COLUMNS, as_dict, beside, csv_rows, markdown
from covidcls.ablation.table import Floor, Table, table_of
from covidcls.evaluation.paired import holm
from lungseg.errors import UsageError

ROWS = region_rows(["full", "crop", "background"], [-10, 5])
EFFECTS = (0.2, 0.5, 0.6, 0.05)


def scores(name: str, effect: float, n_seeds: int = 2, patients: int = 40) -> RowScores:
    rng = np.random.default_rng(round(effect * 100))
    labels = np.arange(80) % 2
    probabilities = (rng.random((n_seeds, 80)) + effect * labels) / (1 + effect)
    of = tuple(f"p{number % patients}" for number in range(80))
    paths = tuple(map(str, range(80)))
    seeds, folds = tuple(range(n_seeds)), np.zeros(80, int)
    return RowScores(name, seeds, paths, labels, of, folds, probabilities, probabilities)


@pytest.fixture(scope="module")
def table() -> Table:
    rows = [(scores(r.name, e), r.options) for r, e in zip(ROWS, EFFECTS, strict=True)]
    return table_of(rows, [Floor("a forest", 0.61, 0.5, 0.7)])


def test_every_row_but_the_reference_is_tested_with_holm_over_all(table: Table) -> None:
    full, *others = table.rows
    assert (full.against, full.p_holm) == (None, None)
    assert [row.p_holm for row in others] == holm([row.against.p for row in others if row.against])


def test_the_csv_has_a_line_a_row_and_every_column(table: Table) -> None:
    header, *lines = csv_rows(table)
    assert tuple(header) == COLUMNS
    assert all(len(line) == len(COLUMNS) for line in lines)
    crop = dict(zip(header, lines[1], strict=True))
    assert (crop["row"], crop["region"], crop["margin"]) == ("crop-r-10", "crop", "-10")
    assert float(crop["difference"]) == pytest.approx(
        float(crop["auc"]) - float(lines[0][header.index("auc")]), abs=1e-3
    )


def test_what_the_probabilities_are_worth_stands_below_with_what_chance_makes(table: Table) -> None:
    crop = table.rows[1]
    found, said = crop.reliability, markdown(table, "title")
    line = next(one for one in said.split("How far")[1].splitlines() if one.startswith("| crop"))
    assert f"{found.figures['ece'].value:.3f} (" in line
    assert line.count(f"| {found.ece_by_chance:.3f} |") == 1
    record = as_dict(table)["rows"][1]
    assert record["slope"]["value"] == pytest.approx(found.figures["slope"].value, abs=1e-4)
    assert (record["ece_of_folds"], as_dict(table)["calibrated_by"]) == (None, "card")


def test_floors_background_and_what_could_be_shown_stand_beside(table: Table) -> None:
    said = "\n".join(beside(table))
    background = table.rows[-1].figures["auc"]
    assert f"Without lungs (row background): AUC {background.value:.3f}" in said
    assert "Floor, a forest: AUC 0.610 (0.500 to 0.700)." in said
    assert "could not be shown with 40 patients" in said
    assert all(f"- {sentence}" in markdown(table, "title") for sentence in beside(table))
    assert as_dict(table)["rows"][1]["against"]["p_holm"] == table.rows[1].p_holm


def test_without_the_reference_or_enough_patients_nothing_is_tested_and_it_says_so() -> None:
    rows = [(scores(name, 0.5), {}) for name in ("crop", "mask")]
    assert table_of(rows).untested == "there is no row 'full' to test against"
    few = [(scores(name, 0.5, patients=2), {}) for name in ("full", "mask")]
    assert "needs two patients" in table_of(few).untested
    alone = table_of([(scores("full", 0.5, n_seeds=1), {})])
    assert any(sentence.startswith("One seed") for sentence in beside(alone))


def test_rows_of_other_slices_make_no_table_with_or_without_a_reference() -> None:
    full, crop = scores("full", 0.5), scores("crop", 0.5)
    other = replace(crop, paths=tuple(f"other/{path}" for path in crop.paths))
    for reference in ("full", "none"):
        with pytest.raises(UsageError, match="crop and full were not judged on the same slices"):
            table_of([(full, {}), (other, {})], reference=reference)


def test_a_row_that_varies_over_no_patient_has_no_test_in_any_form() -> None:
    labels, of = np.arange(8) % 2, tuple(f"p{number}" for number in range(8))
    one = {"full": np.full((1, 8), 0.4), "crop-r5": labels[None] * 0.8 + 0.1}
    rows = [
        RowScores(name, (1,), of, labels, of, np.zeros(8, int), scored, scored)
        for name, scored in one.items()
    ]
    found = table_of([(row, {}) for row in rows])
    against = as_dict(found)["rows"][1]["against"]
    assert [against[name] for name in ("low", "high", "p", "p_holm", "smallest")] == [None] * 5
    assert "nan" not in markdown(found, "title")
    assert not any("could not be shown" in sentence for sentence in beside(found))


def test_how_many_cells_were_resumed_stands_below_and_in_the_json() -> None:
    rows = [(scores("full", 0.5), {})]
    table = table_of(rows, resumed=[False, True, False])
    assert (as_dict(table)["n_cells"], as_dict(table)["n_resumed"]) == (3, 1)
    assert "- 1 of 3 cells were cut off and resumed" in markdown(table, "title")
    assert "None of the 2 cells was resumed" in markdown(table_of(rows, resumed=[False] * 2), "")


def test_the_floor_of_several_folds_is_their_mean() -> None:
    def card(value: float) -> dict[str, object]:
        floor = {"what": "forest", "value": value, "low": 0.4, "high": 0.9}
        auc = {"value": 0.98, "low": 0.97, "high": 0.99}
        audit = {
            "floors": [
                {"name": "metadata", "tested_on": tested_on, "auc": auc}
                for tested_on in (None, "val")
            ]
        }
        return {"floor": floor, "training": {"audit": audit}}

    lung_free, metadata = floors_of([card(0.6), card(0.8)])
    assert (lung_free.value, lung_free.low) == (0.7, None)
    assert (metadata.what, metadata.high) == ("file metadata, cross-validated", 0.99)
    assert floors_of([card(0.6)])[0].low == 0.4
    assert [floor.what for floor in floors_of([card(0.6)])][2:] == ["file metadata, on val"]


def test_a_curve_of_the_roc_is_the_mean_of_its_seeds() -> None:
    one = scores("full", 0.5)
    alone = [
        replace(one, seeds=(0,), scores=one.scores[[seed]], probabilities=one.scores[[seed]])
        for seed in (0, 1)
    ]
    curves = [roc_table([row])["full"] for row in alone]
    assert roc_table([one])["full"] == pytest.approx(np.mean(curves, axis=0))
    area = np.trapezoid(curves[0], roc_table([one])["false_positive_rate"])
    assert area == pytest.approx(table_of([(alone[0], {})]).rows[0].figures["auc"].value, abs=0.01)


def test_the_margin_curve_has_the_margins_of_one_region_in_order(table: Table) -> None:
    curve = margin_table(table)
    assert list(curve) == ["crop"]
    assert curve["crop"]["margin"].tolist() == [-10, 5]
    assert curve["crop"]["auc"][1] == table.rows[2].figures["auc"].value


def test_only_rows_that_change_nothing_but_the_margin_are_on_its_curve() -> None:
    rows = [
        *ROWS,
        Row("balanced", {"data.region": "crop", "data.margin": 20, "data.sampling": "balanced"}),
        Row("wide", {"data.margin": -30}),
        Row("twice", {"data.region": "mask", "data.margin": 5}),
        Row("again", {"data.region": "mask", "data.margin": 5}),
    ]
    table = table_of([(scores(row.name, 0.5), row.options) for row in rows])
    curves = margin_table(table)
    assert list(curves) == ["crop"]
    assert curves["crop"]["margin"].tolist() == [-10, 5]


def test_every_region_without_a_margin_has_a_line_beside_the_curve(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []  # on the PNG they could only be looked at
    monkeypatch.setattr(Axes, "axhline", lambda axes, y, label, **how: drawn.append(label))
    first = table.rows[0]
    flat = [replace(first, name=f"row {number}") for number in range(4)]
    other = replace(first, name="other", options={"data.region": "full", "data.size": 32})
    draw_margins(margin_table(table), replace(table, rows=(*flat, other)), "title")
    assert drawn == ["row 0", "row 1", "row 2", "row 3"]


def test_the_figures_are_drawn(table: Table) -> None:
    rows = [scores(r.name, e) for r, e in zip(ROWS, EFFECTS, strict=True)]
    assert draw_roc(roc_table(rows), table, "title").startswith(b"\x89PNG")
    assert draw_margins(margin_table(table), table, "title").startswith(b"\x89PNG")
