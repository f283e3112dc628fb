"""The page: cases by their probability, with pictures of the slices that decided them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from lungseg.pages import page_environment
from pipelines.cases import Case, Deciding
from pipelines.predict_report.meaning import Card, floor, meaning, operating_point
from pipelines.predict_report.thumbnails import thumbnail
from pipelines.text import one_line

# With three pictures each the page takes about 6 MB, with heat maps 12; cases.csv has them all.
MOST_CASES = 200
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Shown:
    """A slice that decided a case; ``uri``: its picture, None where there is none."""

    slice: Deciding
    name: str
    uri: str | None


def render(
    record: Mapping[str, Any],
    card: Card,
    cases: Sequence[Case],
    picture_of: Callable[[Deciding], Path],
) -> str:
    """The page of the run of ``record``; ``cases``: those to show, the first on top.

    ``card``: of the classifier. ``picture_of``: where the overlay of a slice lies, or would.
    """
    heat_map = bool(record["options"]["heat_map"])
    environment = page_environment(_HERE)
    environment.filters["one_line"] = one_line
    return environment.get_template("report.html.jinja").render(
        name=Path(record["input"]).resolve().name,
        record=record,
        meaning=meaning(card, heat_map, "overlays" in record["written"]),
        operating_point=operating_point(record, card),
        floor=floor(card),
        cases=[(case, _shown(case, picture_of, heat_map)) for case in cases],
        heat_map=heat_map,
        left_out=record["cases"]["cases"] - len(cases),
        about=_about(record),
    )


def _shown(case: Case, picture_of: Callable[[Deciding], Path], heat_map: bool) -> list[Shown]:
    return [
        Shown(one, _name(case, one), thumbnail(picture_of(one), heat_map)) for one in case.deciding
    ]


def _name(case: Case, one: Deciding) -> str:
    """What a slice is called within its case."""
    if case.name.kind == "folder":
        return f"{PurePosixPath(one.path).name}{f', slice {one.index}' if one.index else ''}"
    file = f" ({PurePosixPath(one.file).name})" if case.name.kind == "series" else ""
    return f"slice {one.index}{file}" if case.slices > 1 else "this slice"


def _about(record: Mapping[str, Any]) -> dict[str, str]:
    """How the run was made, by what is said."""
    weights = {stage: f"{one['name']} {one['sha256']}" for stage, one in record["weights"].items()}
    options = {name: value for name, value in record["options"].items() if value is not None}
    return {
        "begun": record["started"],
        **weights,
        "options": ", ".join(
            f"{name.replace('_', '-')} {value}" for name, value in options.items()
        ),
        "versions": ", ".join(f"{name} {value}" for name, value in record["versions"].items()),
        "device": record["device"],
    }
