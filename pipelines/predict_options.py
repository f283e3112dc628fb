"""What determines the results of ``predict``, besides the inputs and the weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from covidcls.operating_point import DEFAULT_AIM
from lungseg.errors import UsageError
from lungseg.io import LUNG_WINDOW, Window
from lungseg.io.identity import IdentityPolicy, mark_of_key
from lungseg.regions import Region
from pipelines.cases import CaseBy


@dataclass(frozen=True)
class Options:
    """See ``python -m pipelines.predict --help``.

    ``hu_offset``: 16-bit values are HU + this; None: they are stretched from their own range.
    ``window``: (centre, width) through which HU are seen. ``threshold``: None for that of the
    ``operating_point``. ``batch_size``: most slices at once, see :mod:`pipelines.chunks`.
    ``keep_ids``, ``pseudonymise``: of patients, see :class:`lungseg.io.identity.IdentityPolicy`.
    ``case``: whether each picture is a case, or all pictures of a folder are one. ``heat_map``: it
    stands in the overlays.
    """

    region: Region = "crop"
    device: str = "auto"
    batch_size: int = 16
    threshold: float | None = None
    hu_offset: float | None = None
    overlays: bool = True
    operating_point: str = DEFAULT_AIM
    backend: str = "auto"
    window: Window = LUNG_WINDOW
    case: CaseBy = "file"
    masks: bool = False
    report: bool = True
    dicom_seg: bool = False
    keep_ids: bool = False
    pseudonymise: str | None = field(default=None, repr=False)
    heat_map: bool = False

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise UsageError(f"batch size {self.batch_size} is too small: choose 1 or more")
        if self.heat_map and not self.overlays:
            raise UsageError("a heat map is part of the overlays: leave out --no-overlays")

    def as_dict(self) -> dict[str, Any]:
        """The options as ``run.json`` has them: of the key for pseudonyms no more than a mark."""
        mark = None if self.pseudonymise is None else mark_of_key(self.pseudonymise)
        return {**asdict(self), "window": list(self.window), "pseudonymise": mark}

    @property
    def identity(self) -> IdentityPolicy:
        """What of patients may be seen in the results."""
        return IdentityPolicy(self.keep_ids, self.pseudonymise)
