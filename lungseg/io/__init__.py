"""From files and arrays to slices in the normal form; never imports torch."""

from lungseg.io.arrays import as_slices
from lungseg.io.data_files import data_file_of
from lungseg.io.formats import FORMATS, Format
from lungseg.io.grouping import Grouped, Input, Part, group_inputs
from lungseg.io.inputs import Inputs, find_inputs
from lungseg.io.read import read_part, read_slices
from lungseg.io.reading import MAX_PIXELS, Reading
from lungseg.io.window import LUNG_WINDOW, WINDOWS, Window, parse_window, window_hu

__all__ = [
    "FORMATS",
    "LUNG_WINDOW",
    "MAX_PIXELS",
    "WINDOWS",
    "Format",
    "Grouped",
    "Input",
    "Inputs",
    "Part",
    "Reading",
    "Window",
    "as_slices",
    "data_file_of",
    "find_inputs",
    "group_inputs",
    "parse_window",
    "read_part",
    "read_slices",
    "window_hu",
]
