"""Rewrite the figures in README.md from the cards; no hand does.

    python benchmarks/write_tables.py

Cards of the shipped weights lie in ``checkpoints/``, those of other seeds, trained from a config of
today and not shipped, in ``benchmarks/seeds/``, those of other recipes in
``benchmarks/tried/``. The ablation is the ``table.json`` of ``python -m pipelines.ablate``, the
transfer and the means those of ``python -m pipelines.cross``. Every other JSON file was written by
the script of its name; speeds that were measured on a machine with AMX lie in ``benchmarks/amx/``,
beside those of the one that everything else was measured on.
"""

from __future__ import annotations

import json
from pathlib import Path

from readme_tables import audit, cards, classifiers, glance, predict, segmenters
from readme_tables.machines import measurements

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINTS, BENCHMARKS = ROOT / "checkpoints", ROOT / "benchmarks"
BEGIN, END = "<!-- {}: written by benchmarks/write_tables.py -->", "<!-- end -->"


def main() -> None:
    """Replace what stands between the markers of README.md."""
    readme = ROOT / "README.md"
    readme.write_text(with_tables(readme.read_text(encoding="utf-8")), encoding="utf-8")


def with_tables(text: str) -> str:
    """``text`` with the tables of today between its markers."""
    for marker, table in {"at a glance": of_both(), **of_cards(), **of_measurements()}.items():
        text = _replaced(text, marker, table)
    return text


def of_both() -> str:
    """The table of the questions that matter most."""
    shipped = {card["name"]: card for card in cards.cards_in(CHECKPOINTS)}
    found = {name: json.loads((BENCHMARKS / f"{name}.json").read_text()) for name in glance.SOURCES}
    speeds = {name: measurements(BENCHMARKS / f"{name}.json") for name in glance.SPEEDS}
    return glance.glance(shipped, found, speeds)


def of_cards() -> dict[str, str]:
    """The tables of what the cards say, by marker."""
    own = [*cards.cards_in(CHECKPOINTS), *cards.cards_in(BENCHMARKS / "seeds")]
    others = [*cards.cards_in(BENCHMARKS / "tried")]
    every = [*own, *others]
    of_stage_one, tried = (
        [card for card in some if card["kind"] == "segmenter"] for some in (own, others)
    )
    return {
        "stage 1": cards.stage_one(of_stage_one, tried),
        "lesion share": cards.lesion_share(of_stage_one),
        "stage 2": cards.stage_two([card for card in own if card["kind"] == "classifier"]),
        "tried": cards.tried([card for card in every if "lite2" in card["name"]]),
        "weights": cards.weights(own, CHECKPOINTS),
    }


def of_measurements() -> dict[str, str]:
    """The tables of what benchmarks and commands measured, by marker."""
    tables = {
        "stage 1 compared": (segmenters.compared, "compare_segmenters"),
        "afterwards": (segmenters.afterwards, "looked_at_afterwards"),
        "stage 1 speed": (segmenters.segmenter_speed, "segmenter_speed"),
        "lungmask": (segmenters.against_lungmask, "against_lungmask"),
        "elsewhere": (classifiers.elsewhere, "other_hospital"),
        "ablation": (classifiers.ablation, "ablation"),
        "transfer": (classifiers.transfer, "transfer"),
        "means": (classifiers.transfer, "means"),
        "explanation": (classifiers.explanation, "explanation"),
        "audit speed": (audit.audit_speed, "audit_speed"),
        "light install": (predict.light_install, "light_install"),
        "killed": (predict.killed, "kill_and_resume"),
        "damaged": (predict.damaged, "mutated_inputs"),
        "backends": (predict.backends, "backend_difference"),
        "speed": (predict.speed, "predict_speed"),
    }
    return {
        marker: table(BENCHMARKS / f"{benchmark}.json")
        for marker, (table, benchmark) in tables.items()
    }


def _replaced(text: str, name: str, table: str) -> str:
    begin = BEGIN.format(name)
    before, found, rest = text.partition(begin)
    if not found:
        raise SystemExit(f"README.md has no marker {begin}")
    _, _, after = rest.partition(END)
    return f"{before}{begin}\n{table}\n{END}{after}"


if __name__ == "__main__":
    main()
