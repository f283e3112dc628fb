"""What stage 1 says of one slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FINDINGS = 1  # which numbers they are: raised when lungseg.networks.findings pools others


class Raw(NamedTuple):
    """What the network says of a slice, before cleaning.

    ``maps``: the probability of each class, float32 H x W in the geometry of the slice.
    ``chest_ct`` and ``findings``: see :class:`LungMask`.
    """

    maps: Sequence[NDArray[np.float32]]
    chest_ct: float
    findings: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class LungMask:
    """The lungs of one slice, in the geometry of the slice.

    ``mask``: bool H x W, all false where there is no lung or no CT.
    ``probability``: float32 H x W, of lung before cleaning. ``lesion``: bool H x W, or None.
    ``chest_ct``: probability in [0, 1] that the slice is an axial body CT at all.
    ``flags``: names of what makes the mask doubtful (``lungseg.flags.FLAGS``), or empty.
    ``expected_lesion_fraction``: share of the lung that is lesion, 0 to 1, as the mean of its
    probability, with faint lesions that are not in the mask; None where ``lesion_fraction`` is.
    ``lesion_probability``: float32 H x W, from 0.5 on where ``lesion`` is, zero outside the lungs;
    None without lesion mask.
    ``findings``: float32 F, what the network sees in the lesions, for a model that judges it
    (:mod:`lungseg.networks.findings`); None where it has no such output.
    """

    mask: NDArray[np.bool_]
    probability: NDArray[np.float32]
    lesion: NDArray[np.bool_] | None = None
    chest_ct: float = 1.0
    flags: tuple[str, ...] = ()
    expected_lesion_fraction: float | None = None
    lesion_probability: NDArray[np.float32] | None = None
    findings: NDArray[np.float32] | None = None

    @property
    def lung_fraction(self) -> float:
        """Share of the picture that is lung, 0 to 1."""
        return float(self.mask.mean())

    @property
    def lesion_fraction(self) -> float | None:
        """Share of the lung that is lesion, 0 to 1; None without lesion mask or without lung."""
        if self.lesion is None or not self.mask.any():
            return None
        return float((self.lesion & self.mask).sum() / self.mask.sum())
