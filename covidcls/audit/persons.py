"""One person under two patient ids, told by slices that are alike and no copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from covidcls.audit.copies import Pair
from covidcls.audit.findings import Crossing, Finding
from covidcls.audit.inventory import LabelledImage, crossings
from covidcls.audit.same_picture import SAME

# Similarity. Of two patients in three published sets (COVID-CT and those that stage 1 is trained
# on) slices scored 0.28 at most, and phantoms, drawn by one program, 0.57; of one patient, one
# above the other, they score from 0 to SAME.
ALIKE = 0.62


@dataclass(frozen=True)
class Person:
    """Probably one, under two patient ids: ``images``, one of each, are the most alike."""

    images: tuple[LabelledImage, LabelledImage]
    similarity: float

    def finding(self) -> Finding:
        """The row of the audit."""
        a, b = self.images
        crosses = crossings((a, b))
        return Finding(
            "patients_alike",
            f"patient {a.patient} and patient {b.patient} have slices that are more alike than "
            "those of two people were seen to be (similarity 0.28): look at both and, if it is one "
            f"person, {_meaning(a, b, crosses)}",
            crosses,
            a.path,
            b.path,
            self.similarity,
            f"patient:{a.patient} patient:{b.patient}",
        )


def find_persons(images: Sequence[LabelledImage], pairs: Iterable[Pair]) -> list[Person]:
    """One for each two patients whose slices are alike.

    ``pairs``: from similarity ALIKE on, by the index of ``images``. Where the most alike are
    copies there is none: the copies say that the ids are wrong, and tie them.
    """
    most: dict[tuple[str, str], Pair] = {}
    for pair in sorted(pairs, key=lambda pair: pair.similarity):
        patients = {images[pair.a].patient, images[pair.b].patient} - {None}
        if len(patients) == 2:
            first, second = sorted(map(str, patients))
            most[first, second] = pair
    return [
        Person((images[pair.a], images[pair.b]), pair.similarity)
        for _, pair in sorted(most.items())
        if pair.similarity < SAME
    ]


def _meaning(a: LabelledImage, b: LabelledImage, crosses: Sequence[Crossing]) -> str:
    said = ["give both one id, or a split by patient may leak"]
    if "splits" in crosses:
        said.append(
            f"a model is tested on whom it was trained or chosen on ({a.split} and {b.split})"
        )
    if "labels" in crosses:
        said.append(f"the same lungs are labelled {a.label} and {b.label}")
    return "; ".join(said)
