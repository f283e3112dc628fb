"""What the audit of a published table found, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from covidcls.audit.published.cells import Reading
from covidcls.audit.published.implied import Span
from covidcls.audit.published.matrix import Matrix
from covidcls.audit.published.printed import Printed, mixes_units


@dataclass(frozen=True)
class TableFinding:
    """One thing that follows: ``what`` was found, and what it ``means`` for the published figure.

    ``row`` counts from 1; None is the whole table.
    """

    kind: str
    row: int | None
    needs_look: bool
    what: str
    means: str


def about_cut_digits() -> TableFinding:
    """All goes together when digits are taken as dropped, and not when taken as rounded."""
    what = "the figures go together only if their last digits were cut off, not rounded"
    return TableFinding("rounding", None, False, what, "Nothing is wrong with that.")


def about_the_input(number: int, texts: Mapping[str, str]) -> list[TableFinding]:
    """What is not used, and what may be meant otherwise."""
    found = []
    if "auc" in texts:
        what = "the AUC is left aside"
        means = "One confusion matrix does not give it, nor it a matrix."
        found.append(TableFinding("auc", number, False, what, means))
    if mixes_units(texts):
        what = "some figures are beyond 1 and are read as percentages, the others as shares"
        means = "Write 0.9% where a small number is a percentage."
        found.append(TableFinding("units", number, False, what, means))
    return found


def about_no_size(number: int, names: str) -> TableFinding:
    """A row that contradicts itself."""
    what = f"no test set of any size gives {names} together"
    means = "At least one is misprinted, or is another figure than its name says."
    return TableFinding("impossible", number, True, what, means)


def about_prevalence(
    number: int, names: str, span: Span, sizes: tuple[int, int] | None
) -> list[TableFinding]:
    """The implied prevalence, against that of the test set where it is known."""
    if span.is_open:
        return []
    what = f"{names} imply a prevalence of {span}{_per_other(span)}"
    if sizes is None:
        means = "A figure of another prevalence does not compare with these."
        return [TableFinding("prevalence", number, False, what, means)]
    given = Fraction(sizes[0], sum(sizes))
    if given in span:
        means = f"The test set has {float(given):.3f}: that agrees."
        return [TableFinding("prevalence", number, False, what, means)]
    means = (
        f"The test set has {float(given):.3f}: the figures come from another one, or some of them "
        "are averages over both classes, or misprinted. Compare nothing with them."
    )
    return [TableFinding("prevalence", number, True, what, means)]


def about_matrices(
    number: int, names: str, count: int, alone: Sequence[str], sizes: tuple[int, int]
) -> TableFinding:
    """How many matrices give the row; ``alone`` are figures that none gives even alone."""
    on = f"{sizes[0]:,} positives and {sizes[1]:,} negatives"
    if count == 1:
        what, means = f"one confusion matrix of {on} gives {names}", "All other figures follow."
    elif count:
        what = f"{count:,} confusion matrices of {on} give {names}"
        means = "The row is possible; its other figures are those of one of them."
    else:
        what = f"no confusion matrix of {on} gives {names}"
        if alone:
            what += f"; not even {listed(alone)} alone"
        means = (
            "The figures were not measured on this test set, or not in one run: a misprint, an "
            "average over runs, folds or classes, or other images."
        )
    return TableFinding("matrices", number, not count, what, means)


def about_smallest(
    number: int, names: str, smallest: tuple[int, int] | None, furthest: int
) -> TableFinding:
    """The smallest test set that gives a row."""
    if smallest is None:
        what = f"no test set of up to {furthest:,} images gives {names}"
        means = (
            "An average over runs or folds, a misprint, or a larger test set: if its size is known,"
            " give --positives and --negatives."
        )
    else:
        what = f"the smallest test set that gives {names} has {_set(smallest)}"
        means = "If the test set is said to be smaller, the row is not from it."
    return TableFinding("smallest", number, smallest is None, what, means)


def about_totals(number: int, totals: Sequence[int], up_to: int) -> TableFinding:
    """All sizes of a test set that give a row."""
    what = f"possible sizes of the test set, up to {up_to:,}: {_ranges(totals) or 'none'}"
    means = "A test set of another size did not give the row, whatever its prevalence."
    return TableFinding("totals", number, not totals, what, means)


def about_given_set(possible: bool, sizes: tuple[int, int]) -> TableFinding:
    """Several rows on a test set of known size."""
    what = f"the rows {'can' if possible else 'cannot'} all come from the test set of {_set(sizes)}"
    return TableFinding("one_test_set", None, not possible, what, _compare(possible))


def about_apart(spans: Sequence[Span | None]) -> TableFinding:
    """Rows whose prevalences exclude each other; None is a row that no prevalence gives."""
    implies = " and ".join(str(span) if span else "none" for span in spans)
    what = f"the rows cannot come from one test set: they imply prevalences of {implies}"
    return TableFinding("one_test_set", None, True, what, _compare(False))


def about_common_set(smallest: tuple[int, int] | None, furthest: int) -> TableFinding:
    """The smallest test set that gives every row."""
    what = (
        f"the rows can come from one test set, of {_set(smallest)} at the least"
        if smallest
        else f"no test set of up to {furthest:,} images gives all rows"
    )
    possible = smallest is not None
    return TableFinding("one_test_set", None, not possible, what, _compare(possible))


def _compare(possible: bool) -> str:
    if possible:
        return "Nothing in the figures speaks against comparing them."
    return "They are not comparable: their test sets differ, or one of them is misprinted."


def about_no_reading(cells: Matrix, sizes: tuple[int, int]) -> TableFinding:
    """Cells that no exchange makes fit the test set."""
    total = cells.positives + cells.negatives
    what = (
        f"the cells add up to {total:,} images, not to the {sum(sizes):,} of {_set(sizes)}"
        if total != sum(sizes)
        else f"no exchange of the cells gives {_set(sizes)}"
    )
    means = "At least one cell is misprinted, or the matrix is of another test set."
    return TableFinding("cells", 1, True, what, means)


def about_contradiction(printed: Printed, matrix: Matrix) -> TableFinding:
    """A figure that is printed beside cells that do not give it."""
    what = f"{printed} is not what the cells give: {float(matrix.value(printed.name)):.4f}"
    means = "The figure or the matrix is misprinted, or they are of different runs."
    return TableFinding("contradiction", 1, True, what, means)


def about_readings(
    found: Sequence[Reading], cells: Matrix, sizes: tuple[int, int] | None
) -> TableFinding:
    """Cells that fit, as printed or exchanged."""
    if not found[0].moved:
        of = f" of {_set(sizes)}" if sizes else ""
        what = f"the cells are a confusion matrix{of}"
        means = "No cell needs to change its name; the figures that follow from them stand above."
        return TableFinding("cells", 1, False, what, means)
    ways = " or ".join(_exchange(reading) for reading in found)
    why = f"TP + FN is {cells.positives:,} and TN + FP {cells.negatives:,} as printed"
    if sizes and sizes != (cells.positives, cells.negatives):
        why += f", and the test set has {_set(sizes)}"
    else:
        why += ", but the figures beside them say otherwise"
    what = f"cells were exchanged in print: {ways} ({why})"
    means = "Figures computed from the cells as printed are wrong; those above are corrected."
    return TableFinding("exchanged", 1, True, what, means)


def _exchange(reading: Reading) -> str:
    if reading.is_swap:
        swapped = [f"{a.upper()} with {b.upper()}" for a, b in reading.moved if a > b]
        way = " and ".join(swapped)
    else:
        way = ", ".join(f"{a.upper()} under the name of {b.upper()}" for a, b in reading.moved)
    m = reading.matrix
    return f"{way}, so TP is {m.tp:,}, TN {m.tn:,}, FP {m.fp:,} and FN {m.fn:,}"


def _set(sizes: tuple[int, int]) -> str:
    return f"{sizes[0]:,} positives and {sizes[1]:,} negatives"


def _per_other(span: Span) -> str:
    """The same as positives for each negative, or the other way round."""
    many, few = "positives", "negative"
    low, high = float(span.low), float(span.high)
    if high <= 0.5:
        many, few, low, high = "negatives", "positive", 1 - high, 1 - low
    if low < 0.5:
        return ""
    if high >= 1:
        return f", {low / (1 - low):.1f} or more {many} for each {few}" if low < 1 else ""
    return f", {low / (1 - low):.1f} to {high / (1 - high):.1f} {many} for each {few}"


def listed(names: Iterable[str]) -> str:
    """``a, b and c``; there is at least one name."""
    *most, last = list(names)
    return f"{', '.join(most)} and {last}" if most else last


def _ranges(numbers: Sequence[int]) -> str:
    """``1, 3 to 5`` for 1, 3, 4, 5."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in runs)
