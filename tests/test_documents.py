"""What README and docs point at is there."""

from __future__ import annotations

import re
from pathlib import Path

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _anchors(document: Path) -> set[str]:
    """Those of its headings, as GitHub makes them."""
    text = CODE.sub("", document.read_text(encoding="utf-8"))
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {heading.replace(" ", "-") for heading in kept}


def test_links_lead_somewhere(repository: Path) -> None:
    documents = [repository / "README.md", *sorted((repository / "docs").glob("*.md"))]
    followed = 0
    for document in documents:
        for link in LINK.findall(document.read_text(encoding="utf-8")):
            if "://" in link:
                continue
            name, _, anchor = link.partition("#")
            target = document.parent / name if name else document
            assert target.exists(), f"{document.name}: {link}"
            assert not anchor or anchor in _anchors(target), f"{document.name}: {link}"
            followed += 1
    assert followed > 20
