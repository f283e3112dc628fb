"""``report.html``: what ``predict`` found, as one page that opens offline."""

from pipelines.predict_report.page import MOST_CASES, render

__all__ = ["MOST_CASES", "render"]
