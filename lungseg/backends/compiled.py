"""What every backend makes of a checkpoint."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Compiled(Protocol):
    """A network with its weights, ready to run.

    Called with pictures, float32 N x 3 x H x W as :func:`lungseg.tensors.normalise` gives them,
    of any N from 1, it returns the network's outputs, each a float32 array of first dimension N.
    A picture's outputs may differ by rounding with the batch that it is in.
    """

    @property
    def backend(self) -> str:
        """A key of :data:`lungseg.backends.BACKENDS`."""

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""

    @property
    def precision(self) -> str:
        """What convolutions compute in: ``float32`` or ``bfloat16``."""

    def __call__(self, pictures: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]: ...


def description(compiled: Compiled) -> str:
    """For the record of a run, such as ``openvino float32``."""
    return f"{compiled.backend} {compiled.precision}"
