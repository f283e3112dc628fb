"""The rows of ``explanations.csv``, and what they say together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from covidcls.explanation.explain import Energy
from covidcls.explanation.summary import difference, distribution
from lungseg.bootstrap import of_few
from pipelines.prediction import LABELS, Prediction
from pipelines.results import cell_of_message, cell_of_path, fixed
from pipelines.run_summary import NOTE
from pipelines.text import one_line

COLUMNS = (
    "path",
    "slice",
    "status",
    "classifier",
    "region",
    "method",
    "probability",
    "label",
    "threshold",
    "evidence",
    "energy_inside",
    "lung_share",
    "box_energy_inside",
    "box_lung_share",
    "message",
)
HEADING = f"{'energy inside the lungs':<34}{'n':>6}  share (95 %)            by chance  ratio"
PARTS = {"seen": "all that was seen", "box": "the lungs' box"}


@dataclass(frozen=True)
class Explained:
    """What is known of one slice by one classifier and method: a row, with the columns of
    ``predictions.csv`` and those of :class:`Energy`, which is None of a slice that is not judged.
    """

    path: str
    slice: int
    status: str
    probability: float | None
    label: str
    threshold: float
    message: str
    classifier: str
    region: str
    method: str
    energy: Energy | None

    @classmethod
    def of(
        cls,
        prediction: Prediction,
        classifier: str = "",
        region: str = "",
        method: str = "",
        energy: Energy | None = None,
    ) -> Explained:
        """Of a prediction, whose masks are let go."""
        return cls(
            prediction.path,
            prediction.slice,
            prediction.status,
            prediction.probability,
            prediction.label or "",
            prediction.threshold,
            prediction.message,
            classifier,
            region,
            method,
            energy,
        )

    def cells(self) -> tuple[str, ...]:
        """As text in the order of COLUMNS."""
        energy = self.energy
        return (
            cell_of_path(self.path),
            str(self.slice),
            self.status,
            cell_of_message(self.classifier),
            self.region,
            self.method,
            fixed(self.probability),
            self.label,
            fixed(self.threshold),
            *(fixed(getattr(energy, name, None)) for name in COLUMNS[9:14]),
            cell_of_message(self.message),
        )


def figures(rows: Sequence[Explained]) -> dict[str, Any]:
    """``explained``: distributions by classifier and method, of ``all`` slices and of those called
    COVID; ``differences``: of each classifier but the first, the first minus it.

    Intervals are over inputs: files, volumes or series.
    """
    kinds: dict[tuple[str, str, str], list[Explained]] = {}
    for row in rows:
        if row.energy is not None:
            kinds.setdefault((row.classifier, row.region, row.method), []).append(row)
    explained = [
        {
            "classifier": classifier,
            "region": region,
            "method": method,
            "all": _distribution(of_kind),
            "called_covid": _distribution([row for row in of_kind if row.label == LABELS[0]]),
        }
        for (classifier, region, method), of_kind in kinds.items()
    ]
    return {"explained": explained, "differences": list(_differences(kinds))}


def table(record: Mapping[str, Any]) -> str:
    """The record of a run as lines for a person."""
    slices = ", ".join(f"{name} {count}" for name, count in record["slices"].items() if count)
    lines = [f"slices: {slices}"]
    if earlier := record["earlier_results"]:
        lines.append(f"{len(earlier)} folders with results of earlier runs left out")
    lines.append(HEADING)
    for one in record["explained"]:
        lines.append(f"{one_line(one['classifier'])} ({one['region']}), {one['method']}")
        for of, said in (("all", "all slices"), ("called_covid", "called COVID")):
            lines += [_line(f"{said}, {PARTS[part]}", one[of][part]) for part in PARTS]
            if few := of_few(one[of]["seen"].get("n_groups", 0), "input"):
                lines.append(f"  {few}")
    for one in record["differences"]:
        ours, others = one_line(one["first"]), one_line(one["other"])
        lines.append(f"{ours} minus {others}, {one['method']}")
        for part in PARTS:
            found = one[part]
            said = _ends(found, "+.3f") if found["n"] else "-"
            lines.append(f"  {PARTS[part]:<32}{found['n']:>6}  {said}")
    lines += [f"{name:<12}{one_line(path)}" for name, path in record["written"].items()]
    return "\n".join([*lines, NOTE])


def _distribution(rows: Sequence[Explained]) -> dict[str, Any]:
    kept = [(row.energy, row.path) for row in rows if row.energy is not None]
    return distribution([energy for energy, _ in kept], [path for _, path in kept])


def _differences(
    kinds: Mapping[tuple[str, str, str], Sequence[Explained]],
) -> Iterator[dict[str, Any]]:
    """Every kind has the same slices in the same order: all classifiers judge behind one guard."""
    classifiers = list(dict.fromkeys(classifier for classifier, _, _ in kinds))
    for (classifier, _, method), others in kinds.items():
        if classifier == classifiers[0]:
            continue
        ours = next(
            rows
            for (name, _, how), rows in kinds.items()
            if (name, how) == (classifiers[0], method)
        )
        first, other = ([row.energy for row in rows if row.energy] for rows in (ours, others))
        found = difference(first, other, [row.path for row in ours])
        yield {"first": classifiers[0], "other": classifier, "method": method, **found}


def _line(said: str, found: Mapping[str, Any]) -> str:
    start = f"  {said:<32}{found['n']:>6}  "
    if not found["n"]:
        return f"{start}-"
    chance, ratio = found["lung_share"]["value"], found["ratio"]["value"]
    return f"{start}{_ends(found['energy_inside'], '.3f')}  {chance:>9.3f}  {ratio:>5.2f}"


def _ends(figure: Mapping[str, float], style: str) -> str:
    value, low, high = (format(figure[name], style) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"
