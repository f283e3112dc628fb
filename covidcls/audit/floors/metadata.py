"""What a floor sees of a file without decoding a pixel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from covidcls.audit.file_facts import FileFacts
from covidcls.audit.floors.features import Features

_MEASURED: Mapping[str, Callable[[FileFacts], float | None]] = {
    "width": lambda facts: facts.width,
    "height": lambda facts: facts.height,
    "aspect": lambda facts: facts.aspect,
    "bytes": lambda facts: facts.n_bytes,
    "bytes per pixel": lambda facts: facts.bytes_per_pixel,
    "metadata entries": lambda facts: facts.n_metadata,
}
_NAMED: Mapping[str, Callable[[FileFacts], str | None]] = {
    "mode": lambda facts: facts.mode,
    "format": lambda facts: facts.content,
    "dpi": lambda facts: facts.dpi,
}
_ABSENT = -1.0  # no file has it, so that a forest may split there: what is absent tells as well


def metadata_features(facts: Sequence[FileFacts], neutral: bool = False) -> Features:
    """Nine facts of each file; ``neutral`` when they are of the files of neutral decoding."""
    columns = [_measured([value_of(one) for one in facts]) for value_of in _MEASURED.values()]
    columns += [_coded([value_of(one) for one in facts]) for value_of in _NAMED.values()]
    return Features(
        "metadata",
        "nine facts of the file (size, bytes, mode, format, dpi, metadata entries) and no pixel",
        np.stack(columns, axis=1),
        neutral,
        # what is compressed alike needs more bytes where there is more to see
        "busy lungs need more bytes than clear ones" if neutral else "",
    )


def _measured(values: Sequence[float | None]) -> NDArray[np.float32]:
    return np.array([_ABSENT if value is None else value for value in values], np.float32)


def _coded(values: Sequence[str | None]) -> NDArray[np.float32]:
    """The place of each value in the alphabet of those there are."""
    code = {value: float(n) for n, value in enumerate(sorted({*values} - {None}, key=str))}
    return np.array([code.get(value, _ABSENT) for value in values], np.float32)
