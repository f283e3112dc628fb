"""One file to slices, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from lungseg.errors import UnreadableError
from lungseg.io.archive import InputFile, Member, head_of
from lungseg.io.formats import (
    HEAD_BYTES,
    Format,
    format_of_content,
    format_of_name,
    names_of_formats,
)
from lungseg.io.grouping import Part, group_inputs, inputs_in
from lungseg.io.pictures import read_bmp, read_jpeg, read_png, read_tiff
from lungseg.io.reading import MAX_PIXELS, Reading
from lungseg.io.scans import read_dicom, read_metaimage, read_nifti, read_nrrd
from lungseg.io.window import LUNG_WINDOW, Window, check_window
from lungseg.slice import Slice


def read_slices(
    path: InputFile,
    hu_offset: float | None = None,
    window: Window = LUNG_WINDOW,
    max_pixels: int = MAX_PIXELS,
) -> Iterator[Slice]:
    """The slices of a file one after the other, decoded by its content and not by its name.

    PNG, JPEG and BMP are one slice, a TIFF one per page, a DICOM file one per frame, a volume
    (NIfTI, NRRD, MHA) its axial slices from the lowest up, a zip archive all that is in it. DICOM
    and volumes are HU seen through ``window`` (centre, width in HU), unless their values cannot be
    HU; ``refusal`` says what is no axial CT slice. Pictures are taken as displayed: turned by their
    EXIF tag, grey by ITU-R BT.601 luma, transparency over black, 8 bits divided by 255; a picture
    of 16 or 32 bits is stretched from its own range, unless ``hu_offset`` is given (value = HU +
    ``hu_offset``): then grey values are HU seen through ``window`` and ``scale`` is ``"hu"``. What
    was assumed stands in ``messages``.

    Raises UnreadableError while iterating when the file is empty, cut off, damaged, of no known
    format, or has a page of more than ``max_pixels`` pixels (told from its header, not decoded);
    the pages of a TIFF before a damaged one come first. Raises ValueError for an impossible window.
    """
    check_window(window)
    file = path if isinstance(path, Member) else Path(path)
    return _read(file, Reading(hu_offset, window, max_pixels))


def read_part(part: Part, reading: Reading) -> Iterator[Slice]:
    """The slices of one file of an input, with what its series says of it.

    Raises what ``read_slices`` raises.
    """
    for slice_ in _read(part.file, reading):
        if part.notes:
            slice_ = replace(slice_, messages=(*part.notes, *slice_.messages))
        if part.step is not None:
            slice_ = replace(slice_, step=part.step, sharing=part.sharing)
        yield slice_


def read_zip(file: InputFile, reading: Reading) -> Iterator[Slice]:
    """All slices in a zip archive, input by input. Raises UnreadableError where there is none."""
    inputs_in(file)  # raises what is wrong with the archive as a whole
    parts = [part for one in group_inputs((file,)).inputs for part in one.parts]
    if not parts or parts[0].file == file:
        raise UnreadableError(f"{file} has no slice in it; pass the archive that has")
    for part in parts:
        yield from read_part(part, reading)


# each yields the slices of a file of one of FORMATS; it may raise anything, ``_read`` words it
READERS: dict[str, Callable[[InputFile, Reading], Iterator[Slice]]] = {
    "DICOM": read_dicom,
    "PNG": read_png,
    "JPEG": read_jpeg,
    "TIFF": read_tiff,
    "BMP": read_bmp,
    "NIfTI": read_nifti,
    "NRRD": read_nrrd,
    "MHA": read_metaimage,
    "ZIP": read_zip,
}


def _read(path: InputFile, reading: Reading) -> Iterator[Slice]:
    found = _format_of(path)
    named = format_of_name(path)
    notes: tuple[str, ...] = ()
    if named is not None and named is not found:
        notes = (f"named {path.suffix} but it is a {found.name}",)
    done = 0
    try:
        for page in READERS[found.name](path, reading):
            yield replace(page, messages=(*notes, *page.messages)) if notes else page
            done += 1
    except UnreadableError:
        raise
    # Decoders raise a dozen kinds on damaged bytes, from SyntaxError to struct.error.
    except Exception as error:
        place = f"slice {done} of {path}" if done else str(path)
        said = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableError(
            f"{place} starts like a {found.name} but cannot be decoded ({said}); it is probably "
            "cut off or damaged, copy or export it again"
        ) from error


def _format_of(path: InputFile) -> Format:
    """The format of the content; raises UnreadableError when there is none."""
    if path.is_dir():
        raise UnreadableError(f"{path} is a folder, expected a file; pass the files in it")
    try:
        head = head_of(path, HEAD_BYTES)
    except OSError as error:
        raise UnreadableError(
            f"{path} cannot be opened ({error.strerror or error}); check its name and permissions"
        ) from error
    expected = names_of_formats()
    if not head:
        raise UnreadableError(
            f"{path} is empty (0 bytes), expected {expected}; a copy was probably interrupted"
        )
    found = format_of_content(head)
    if found is None:
        raise UnreadableError(
            f"{path} starts with {head[:12]!r}, expected {expected}; {_likely_cause(head)}"
        )
    return found


def _likely_cause(head: bytes) -> str:
    if not head.strip(b"\0"):
        return "it holds zeros, a download was probably interrupted"
    text = all(byte >= 32 or byte in b"\t\n\r\f" for byte in head)
    if text:
        return "it is probably a text or web page under another name"
    return "it is another kind of file, or its beginning is damaged"
