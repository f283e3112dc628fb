"""Pages in the frame that all share: whole in themselves, escaped, and nothing left out."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from lungseg.pages import page_environment

PAGE = """\
{% extends "frame.html.jinja" %}
{% block title %}Of {{ name }}{% endblock %}
{% block style %}.own { color: red; }{% endblock %}
{% block body %}<p>{{ said }}</p>{% endblock %}
"""


@pytest.fixture
def template(tmp_path: Path) -> jinja2.Template:
    (tmp_path / "page.jinja").write_text(PAGE)
    return page_environment(tmp_path).get_template("page.jinja")


def test_a_page_asks_for_nothing_from_anywhere(template: jinja2.Template) -> None:
    page = template.render(name="it", said="text")
    assert "default-src 'none'" in page
    assert "url(" not in page and "@import" not in page and "src=" not in page


def test_the_style_of_a_page_stands_behind_that_of_all(template: jinja2.Template) -> None:
    page = template.render(name="it", said="text")
    assert page.index("<style>") < page.index("--ink:") < page.index(".own {")
    assert page.index(".own {") < page.index("</style>") < page.index("<p>text</p>")


def test_what_is_put_in_is_escaped(template: jinja2.Template) -> None:
    page = template.render(name="<script>", said="<img src=x>")
    assert "<title>Of &lt;script&gt;</title>" in page
    assert "<p>&lt;img src=x&gt;</p>" in page


def test_a_name_that_is_missing_is_not_left_out(template: jinja2.Template) -> None:
    with pytest.raises(jinja2.UndefinedError, match="said"):
        template.render(name="it")
