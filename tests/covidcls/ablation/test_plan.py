"""Rows and cells of a plan, and what a YAML file may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from covidcls.ablation.plan import Plan, read_plan
from covidcls.ablation.recipe import differing, with_options
from lungseg.errors import UsageError


def test_only_regions_with_a_margin_are_swept() -> None:
    plan = Plan(regions=("full", "crop", "mask"), margins=(-5, 5))
    assert [row.name for row in plan.all_rows()] == ["full", "crop-r-5", "crop-r5", "mask"]
    assert plan.all_rows()[1].options == {"data.region": "crop", "data.margin": -5}


def test_all_rows_of_a_seed_come_before_the_next_seed() -> None:
    cells = Plan(regions=("full", "mask"), seeds=(1, 2), folds=2).cells()
    assert [cell.name for cell in cells[:4]] == [
        "full-seed1-fold0",
        "full-seed1-fold1",
        "mask-seed1-fold0",
        "mask-seed1-fold1",
    ]
    assert cells[1].options == {
        "data.region": "full",
        "data.fold": 1,
        "data.folds": 2,
        "seed_everything": 1,
    }


def test_named_rows_change_any_option_of_the_recipe() -> None:
    plan = Plan(regions=("full",), rows={"soft": {"model.mixup": 0.4}}, recipe={"model": {"a": 1}})
    soft = plan.cells()[1]
    assert soft.name == "soft-seed1"
    changed = with_options(plan.recipe, soft.options)
    assert changed == {"model": {"a": 1, "mixup": 0.4}, "seed_everything": 1}
    assert plan.recipe == {"model": {"a": 1}}
    assert differing(plan.recipe, changed) == [
        "model.mixup (None before, 0.4 now)",
        "seed_everything (None before, 1 now)",
    ]


def test_an_option_of_no_section_is_refused() -> None:
    with pytest.raises(UsageError, match=r"data\.size\.of cannot be set: size is 32"):
        with_options({"data": {"size": 32}}, {"data.size.of": 3})


def test_data_that_lie_elsewhere_are_the_same_data() -> None:
    def recipe(root: str, *names: str) -> dict[str, Any]:
        return {
            "data": {
                "data_dir": f"{root}/set",
                "sources": [{"folder": f"{root}/{name}", "layout": "folders"} for name in names],
            }
        }

    assert differing(recipe("here", "a", "b"), recipe("/there", "a", "b")) == []
    [other] = differing(recipe("here", "a", "b"), recipe("here", "a", "c"))
    assert other.startswith("data.sources (")


def test_tables_of_other_teachers_are_other_labels() -> None:
    """All of them are called predictions.csv."""
    one, two = (
        {"data": {"data_dir": "set", "soft_labels": [f"{teacher}/predictions.csv"]}}
        for teacher in ("one", "two")
    )
    [other] = differing(one, two)
    assert other.startswith("data.soft_labels (")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("region: [full]", "unknown key 'region'; did you mean 'regions'"),
        ("regions: [ful]", "unknown region 'ful'"),
        ("regions: full", r"regions should be a list such as \[full, crop\]"),
        ("seeds: [one]", r"seeds should be a list such as \[1, 2, 3\]"),
        ("recipe: [1]", "recipe should be options by name"),
        ("recipe: {data: 3}", "recipe: data should be options by name, such as region: crop, and"),
        ("recipe: {model: }", "model should be options by name.* and is None"),
        ("folds: '5'", "folds should be a whole number from 2, and is '5'"),
        ("folds: 1", "folds should be a whole number from 2, and is 1"),
        ("folds: true", "folds should be a whole number from 2"),
        ("rows: {a: 5}", "the row 'a' should be options by name.* and is 5"),
        ("rows: {a: {3: 5}}", "the row 'a' should be options by name"),
        ("rows: {a: {data.val_share: 0.4}}", "row 'a' sets data.val_share, and rows are compared"),
        ("rows: {a: {data.split_seed: 1}}", "row 'a' sets data.split_seed"),
        ("rows: {a: {data.folds: 3, data.fold: 1}}", "row 'a' sets data.fold, data.folds"),
        ("rows: {a: {data.everything: true}}", "row 'a' sets data.everything"),
        ("rows: {a: {seed_everything: 4}}", "row 'a' sets seed_everything"),
        ("rows: {a: {data: {region: crop}}}", "row 'a' sets data, and"),
        ("rows: {full: {model.mixup: 0.1}}", "two rows are named 'full'"),
        ("seeds: []", "no row or no seed"),
        ("seeds: [1, 2, 1]", "seeds 1, 2, 1 are not all different"),
        ("- 1", "holds no options"),
        ("a: [", "as YAML"),
    ],
)
def test_a_wrong_plan_is_refused_in_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=words):
        read_plan(file)


def test_what_is_judged_may_be_said_for_all_rows(tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("recipe: {seed_everything: 3, data: {val_share: 0.4, split_seed: 1}}")
    assert read_plan(file).recipe["data"] == {"val_share": 0.4, "split_seed": 1}


def test_of_the_named_rows_some_may_be_chosen() -> None:
    plan = Plan((), rows={"one": {"data.size": 32}, "two": {}, "three": {}})
    chosen = plan.with_grid(rows=["three", "one"])
    assert [(row.name, row.options) for row in chosen.all_rows()] == [
        ("three", {}),
        ("one", {"data.size": 32}),
    ]
    assert plan.with_grid(seeds=[4]).rows == plan.rows
    with pytest.raises(UsageError, match="no row 'four'; its rows beside the regions: one, two"):
        plan.with_grid(rows=["four"])


def test_the_shipped_plans_are_one_recipe(repository: Path) -> None:
    regions, margins = (
        read_plan(repository / "configs" / "ablations" / f"{name}.yaml")
        for name in ("regions", "margins")
    )
    assert regions.recipe == margins.recipe
    assert {"full", "background"} <= {row.name for row in margins.all_rows()}
    assert len(regions.seeds) >= 3
    trainer = regions.recipe["trainer"]
    assert trainer["check_val_every_n_epoch"] == trainer["max_epochs"]  # no epoch is chosen
