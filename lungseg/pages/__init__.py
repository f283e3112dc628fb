"""Pages that open offline: the frame and the style that all of them share."""

from lungseg.pages.environment import page_environment

__all__ = ["page_environment"]
