"""From files and arrays to slices in the normal form; never imports torch."""

from lungseg.io.arrays import as_slices
from lungseg.io.formats import FORMATS, MAX_PIXELS, Format, Reading
from lungseg.io.inputs import Inputs, find_inputs
from lungseg.io.read import read_slices
from lungseg.io.window import LUNG_WINDOW, Window, window_hu

__all__ = [
    "FORMATS",
    "LUNG_WINDOW",
    "MAX_PIXELS",
    "Format",
    "Inputs",
    "Reading",
    "Window",
    "as_slices",
    "find_inputs",
    "read_slices",
    "window_hu",
]
