"""Synthetic chest CT slices with exact lung and lesion masks, from apex to base."""

from lungseg.io.window import LUNG_WINDOW
from lungseg.phantom.acquisition import Acquisition
from lungseg.phantom.display import MEDIASTINAL_WINDOW, WIDE_WINDOW, display
from lungseg.phantom.radiograph import chest_radiograph
from lungseg.phantom.random_slice import random_phantom
from lungseg.phantom.slices import Phantom, make_phantom

__all__ = [
    "LUNG_WINDOW",
    "MEDIASTINAL_WINDOW",
    "WIDE_WINDOW",
    "Acquisition",
    "Phantom",
    "chest_radiograph",
    "display",
    "make_phantom",
    "random_phantom",
]
