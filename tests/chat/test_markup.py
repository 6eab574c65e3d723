"""Rendering a body: Markdown becomes HTML, and no script in the HTML can run."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import markup
from chat.markup import render
from tests.chat.harmless_html import LINK, check_harmless
from tests.random_examples import examples

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    "body, html",
    [
        ("", ""),
        ("Hello", "<p>Hello</p>"),
        ("a & b < c", "<p>a &amp; b &lt; c</p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("**b** *i* ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <s>s</s> <code>c</code></p>"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>'),
        ("```python\n<b>\n```", '<pre><code class="language-python">&lt;b&gt;\n</code></pre>'),
        (
            "https://a.example/?b=1&c=2",
            f'<p><a href="https://a.example/?b=1&amp;c=2" {LINK}>https://a.example/?b=1&amp;c=2</a></p>',
        ),
        ("[here](https://a.example)", f'<p><a href="https://a.example" {LINK}>here</a></p>'),
        ("see.you readme.md a@b.example", "<p>see.you readme.md a@b.example</p>"),
        ("# Loud", "<p><strong>Loud</strong></p>"),
        ("### *Loud* ##\nand low", "<p><strong><em>Loud</em></strong></p>\n<p>and low</p>"),
        ("#tag", "<p>#tag</p>"),
        (
            "| a | b |\n|---|:-:|\n| c \\| d | **e** | f |\nafter",
            "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n"
            "<tr>\n<td>c | d</td>\n<td><strong>e</strong></td>\n<td>f</td>\n</tr>\n</tbody>\n</table>\n<p>after</p>",
        ),
        ("a | b\n- | -", "<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n</table>"),
        ("a | b\nc | d", "<p>a | b<br>\nc | d</p>"),
        ("- [ ] a\n- [x] b\n- [X] c", "<ul>\n<li>☐ a</li>\n<li>☑ b</li>\n<li>☑ c</li>\n</ul>"),
        ("- [x](https://a.example)", f'<ul>\n<li><a href="https://a.example" {LINK}>x</a></li>\n</ul>'),
        ("[ ] a", "<p>[ ] a</p>"),
        ("3. a\n7. b\n8. c", '<ol start="3">\n<li>a</li>\n<li value="7">b</li>\n<li>c</li>\n</ol>'),
        ("1. a\n1. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
        ("![x](https://a.example/i.png)", f'<p>!<a href="https://a.example/i.png" {LINK}>x</a></p>'),
    ],
)
def test_markdown_becomes_html(body, html):
    assert render(body) == html


@examples(500)
@given(st.from_regex(markup._PLAIN, fullmatch=True) | st.text("abhtpmilZ1 .,;:?!'\"()%$=#/+-*_[]<>&@é☃🎉", max_size=40))
def test_plain_words_get_the_same_html_without_the_parser(body):
    assert markup.render.__wrapped__(body) == markup._render_markdown(body)


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<b>bold</b>",
        "<!-- a -->",
        "<svg/onload=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\nscript:alert(1))",
        "[x](data:text/html,a)",
        "[x](&#106;avascript:alert(1))",
        "<javascript:alert(1)>",
        "[x](vbscript:a)",
        "<a href='javascript:a'>x</a>",
        '[x](https://a.example "onmouseover=alert(1)")',
        '[x](https://a.example"onclick="a)',
        "`<script>`",
        "```<script>\n<script>\n```",
        '```" onload="a\nx\n```',
        "&lt;script&gt;",
        "\\<script>",
    ],
)
def test_the_html_contains_nothing_that_runs(body):
    check_harmless(render(body))


PIECES = st.sampled_from(
    [
        *"*_~`[]()<>!\\\n \t&#;:/@.-+01ab\"'",
        "http://",
        "https://a.b",
        "mailto:",
        "javascript:",
        "<script>",
        "```",
        "&lt;",
        "![",
        "](",
        "1. ",
        "- ",
        "> ",
        "    ",
        "😀",
        "onclick=",
        "&#x6a;",
    ]
)


@examples(150)
@given(st.lists(PIECES | st.characters(exclude_categories=["Cs"]), max_size=60).map("".join))
def test_the_html_of_any_body_is_harmless(body):
    check_harmless(render(body))


@pytest.mark.parametrize("unit", ["[", "*a_ ", "`a``b", "> ", "- ", "http://", "<", "&", "](", "**", "(", "1. ", "_a"])
def test_a_body_of_repeated_markup_renders_within_a_second(unit):
    started = time.process_time()
    render((unit * 4000)[:4000])
    assert time.process_time() - started < 1
