"""Which files are no inputs, because a header beside them says that they have its voxels."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import BinaryIO

from lungseg.io.archive import InputFile, head_of
from lungseg.io.detached import data_file
from lungseg.io.formats import format_of_name

HEADER_BYTES = 2**16  # a header; of a packed volume in an archive no more is unpacked


def data_file_of(file: InputFile) -> InputFile | None:
    """The file that has the voxels of the volume ``file``, by its header alone.

    None where they follow the header or cannot be found, which reading it will say; a file without
    the extension of a format that may have such a file is not opened.
    """
    named = format_of_name(file)
    read = DETACHED.get(named.name) if named is not None else None
    if read is None:
        return None
    try:
        name = read(io.BytesIO(head_of(file, HEADER_BYTES)))
        return data_file(file, name) if name is not None else None
    except Exception:  # damaged headers raise many kinds
        return None


def data_files_of(files: Iterable[InputFile]) -> set[InputFile]:
    """All files that have the voxels of one of ``files``."""
    return {data for file in files if (data := data_file_of(file)) is not None}


def _of_metaimage(stream: BinaryIO) -> str | None:
    from lungseg.io.metaimage import metaimage_data_name

    return metaimage_data_name(stream)


def _of_nrrd(stream: BinaryIO) -> str | None:
    from lungseg.io.nrrd import nrrd_data_name

    return nrrd_data_name(stream)


# formats whose voxels may lie in another file: its name by the header, None where they follow
DETACHED: dict[str, Callable[[BinaryIO], str | None]] = {"MHA": _of_metaimage, "NRRD": _of_nrrd}
