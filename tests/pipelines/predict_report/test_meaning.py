"""What a card says of its operating points is told, of each source where there are several."""

from __future__ import annotations

from typing import Any

from pipelines.predict_report.meaning import operating_point

RECORD = {"operating_point": "specific", "threshold": 0.82}


def reached(recall: float) -> dict[str, Any]:
    """Recall and a specificity of 0.95, with intervals."""
    return {
        name: {"value": value, "low": value - 0.05, "high": value + 0.05}
        for name, value in (("recall", recall), ("specificity", 0.95))
    }


def test_what_an_operating_point_reached_is_told() -> None:
    card = {"operating_points": {"specific": {"aim": "few alarms", **reached(0.5)}}}
    said = " ".join(operating_point(RECORD, card))
    assert "Its aim: few alarms. On validation it reached recall 0.50 (0.45 to 0.55), spec" in said


def test_of_several_sources_each_is_told_and_not_their_mixture() -> None:
    sources = {"home": reached(0.3), "elsewhere": reached(0.7)}
    point = {"aim": "few alarms", **reached(0.6), "by_source": sources}
    said = " ".join(operating_point(RECORD, {"operating_points": {"specific": point}}))
    assert "it reached on home recall 0.30 " in said
    assert "; on elsewhere recall 0.70 " in said
    assert "0.60" not in said
