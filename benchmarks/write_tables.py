"""Rewrite the tables of README.md and docs/ from cards and measurements; no hand does.

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
from collections.abc import Mapping
from pathlib import Path

from result_tables import audit, cards, classifiers, glance, predict, segmenters
from result_tables.machines import measurements

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINTS, BENCHMARKS = ROOT / "checkpoints", ROOT / "benchmarks"
DOCUMENTS = (
    "README.md",
    "docs/stage_one.md",
    "docs/stage_two.md",
    "docs/program.md",
)
BEGIN, END = "<!-- {}: written by benchmarks/write_tables.py -->", "<!-- end -->"


def main() -> None:
    """Replace what stands between the markers of the documents."""
    for name, text in with_tables(documents()).items():
        (ROOT / name).write_text(text, encoding="utf-8")


def documents() -> dict[str, str]:
    """The text of each, by its name."""
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS}


def with_tables(texts: Mapping[str, str]) -> dict[str, str]:
    """``texts`` with the tables of today between their markers.

    Each table stands in one of them: ends with a sentence where it does not.
    """
    found = dict(texts)
    for marker, table in {"at a glance": of_both(), **of_cards(), **of_measurements()}.items():
        begin = BEGIN.format(marker)
        places = [name for name, text in found.items() for _ in range(text.count(begin))]
        if len(places) != 1:
            raise SystemExit(f"{begin} stands {len(places)} times in {', '.join(found)}, not once")
        found[places[0]] = _replaced(found[places[0]], begin, table)
    return found


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
        "reliability": cards.reliability(own),
        "patients": cards.patients(own),
        "tried": cards.tried([card for card in every if card["kind"] == "classifier"]),
        "weights": cards.weights(own, CHECKPOINTS),
    }


def of_measurements() -> dict[str, str]:
    """The tables of what benchmarks and commands measured, by marker."""
    tables = {
        "stage 1 compared": (segmenters.compared, "compare_segmenters"),
        "afterwards": (segmenters.afterwards, "looked_at_afterwards"),
        "inverted": (segmenters.inverted, "inverted_pictures"),
        "stage 1 speed": (segmenters.segmenter_speed, "segmenter_speed"),
        "lungmask": (segmenters.against_lungmask, "against_lungmask"),
        "elsewhere": (classifiers.elsewhere, "other_hospital"),
        "ablation": (classifiers.ablation, "ablation"),
        "folds": (classifiers.ablation, "folds"),
        "margins": (classifiers.ablation, "margins"),
        "by paper": (classifiers.by_paper, "clustered_by_paper"),
        "transfer": (classifiers.transfer, "transfer"),
        "means": (classifiers.transfer, "means"),
        "networks": (classifiers.transfer, "networks"),
        "distillation": (classifiers.transfer, "distillation"),
        "self-supervised": (classifiers.transfer, "self_supervised"),
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


def _replaced(text: str, begin: str, table: str) -> str:
    before, _, rest = text.partition(begin)
    if END not in rest:
        raise SystemExit(f"{begin} has no {END}")
    _, _, after = rest.partition(END)
    return f"{before}{begin}\n{table}\n{END}{after}"


if __name__ == "__main__":
    main()
