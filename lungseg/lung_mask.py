"""What stage 1 says of one slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    """

    mask: NDArray[np.bool_]
    probability: NDArray[np.float32]
    lesion: NDArray[np.bool_] | None = None
    chest_ct: float = 1.0
    flags: tuple[str, ...] = ()
    expected_lesion_fraction: float | None = None
    lesion_probability: NDArray[np.float32] | None = None

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
