"""Where the templates of a page lie, and how they are filled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent


def page_environment(folder: Path) -> Environment:
    """For the templates of ``folder``, which extend ``frame.html.jinja`` of this package.

    The frame asks for nothing from anywhere: style and pictures are inside. What is put in comes
    from others, so all of it is escaped; a name that is missing raises instead of being left out.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader([folder, _HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
