"""The page is whole in itself, shows the worst first, and can be read by all."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from PIL import Image

from covidcls.audit.audit import Audit
from covidcls.audit.floors.floor import Floor
from covidcls.audit.floors.measure import FloorReport
from covidcls.audit.report import pairs, render
from lungseg.bootstrap import Interval

ABOUT = {"seed": "0"}
FLOOR = Floor("metadata", "nine facts of the file", Interval(0.8, 0.75, 0.9, 40, 20))


class Page(HTMLParser):
    """``tags``: all of the page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


def test_the_page_asks_for_nothing_from_anywhere(audit: Audit) -> None:
    page = render(audit, "set", ABOUT)
    found = Page(page)
    assert found.of("script", "link", "iframe", "object", "embed", "base", "form") == []
    assert all(str(tag.get("src", "data:")).startswith("data:") for _, tag in found.tags)
    assert all(str(tag.get("href", "#")).startswith("#") for _, tag in found.tags)
    assert "url(" not in page and "@import" not in page
    (policy,) = (tag["content"] for tag in found.of("meta") if "http-equiv" in tag)
    assert "default-src 'none'" in str(policy)


def test_pictures_stand_side_by_side_with_words_for_those_who_do_not_see_them(
    audit: Audit,
) -> None:
    page = render(audit, "set", ABOUT)
    alts = [picture["alt"] for picture in Page(page).of("img")]
    # the paper's other file is absent
    assert alts == [
        "sick/a.png: sick, train", "well/a.png: well, test", "sick/b.png: sick, train",
        "sick/b.png: sick, train", "sick/c.jpg: sick, train",
    ]  # fmt: skip
    assert page.count("the file is not here") == 1
    assert page.index("across labels and splits: 1") < page.index("One paper in two places")


def test_headings_tables_and_drawings_can_be_followed_by_ear(audit: Audit) -> None:
    report = FloorReport((FLOOR,), ())
    found = Page(render(replace(audit, floors=report), "set", ABOUT))
    levels = [int(tag[1]) for tag, _ in found.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(next_ <= level + 1 for level, next_ in pairwise(levels))  # none is skipped
    assert [tag["lang"] for tag in found.of("html")] == ["en"]
    assert all(tag.get("scope") for tag in found.of("th"))
    assert all(tag.get("aria-label") for _, tag in found.tags if tag.get("role"))
    assert {str(link["href"])[1:] for link in found.of("a")} <= {
        str(section["id"]) for section in found.of("section")
    }


def test_pictures_keep_the_aspect_of_their_file(audit: Audit) -> None:
    (first, *_) = pairs.pair_groups(audit)
    uri = str(first.shown[0].sides[0].uri)
    picture = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    assert picture.size == (256, 128)


def test_pairs_beyond_the_limit_are_counted_and_not_shown(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairs, "MOST_PAIRS", 1)
    page = render(audit, "set", ABOUT)
    assert len(Page(page).of("img")) == 2
    assert "2 further pairs are not shown" in page


def test_floors_are_drawn_with_their_interval_and_said_in_words(audit: Audit) -> None:
    report = FloorReport((FLOOR,), ("no floor on test: sick has 1 patient",))
    page = render(replace(audit, floors=report), "set", ABOUT)
    assert 'aria-label="AUC 0.80, 0.75 to 0.90"' in page
    assert 'x="150.0" y="4" height="8"\n  width="30.0"' in page
    assert "no floor on test: sick has 1 patient." in page


def test_a_name_that_no_utf_8_holds_does_not_stop_the_page(audit: Audit) -> None:
    page = render(audit, "set-\udcff", ABOUT)
    assert b"set-\\udcff" in page.encode("utf-8", "backslashreplace")


def test_names_of_classes_keep_their_small_letters(audit: Audit) -> None:
    style = render(audit, "set", ABOUT).partition("<style>")[2].partition("</style>")[0]
    (rule,) = re.findall(r"([^}]*)\{[^}]*text-transform", style)
    # the names stand below the pictures, in no list of verdicts and deeper than a section
    assert [one.split()[0] for one in rule.split(",")] == [".verdicts", "section"]
    assert "section > p" in rule
