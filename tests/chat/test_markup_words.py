"""No text disappears: every word of a body appears in its rendering, whatever marks surround it."""

import html
import re
import time
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.markup import render
from chat.protocol import is_blank
from tests.random_examples import examples

pytestmark = pytest.mark.no_database


def text_of(rendered):
    return html.unescape(re.sub("<[^>]*>", "", rendered))


def check_words(body):
    rendered = render.__wrapped__(body)
    shown = text_of(rendered) + unquote(html.unescape(" ".join(re.findall('href="([^"]*)"', rendered))))
    # A task's check box replaces the x in its brackets, and the browser adds the numbers of a list.
    for word in re.findall(r"[^\W\d_][^\W_]*", re.sub(r"\[[xX]\]", "", body)):
        assert word in shown, (word, rendered)
    assert is_blank(text_of(rendered)) == is_blank(body), rendered


MARKS = st.sampled_from(
    [
        *"*_~`[]()<>!\\\n \t&#;:/@.-+01\"'|{}^$=?,",
        *["**", "__", "~~", "``", "```", "~~~", "\n\n", "\n> ", "\n- ", "\n1. ", "\n# ", "\n    ", "\n  ", "\n---\n"],
        *[
            "> ",
            ">> ",
            "- ",
            "* ",
            "+ ",
            "1. ",
            "7) ",
            "1986. ",
            "# ",
            "### ",
            "- [ ] ",
            "- [x] ",
            "[](",
            "](",
            "![",
            "<",
        ],
        *["http://", "https://a.b", "https://a.b/c", "mailto:", "ftp://a.b/", "javascript:", "[k](https://a.b)"],
        *[
            "|-|-|\n",
            "\n|-|\n",
            "| ",
            " |",
            "&amp;",
            "&nbsp;",
            "&#120;",
            "\\*",
            "\\\\",
            "「",
            "」",
            "。",
            "（",
            "“",
            "”",
        ],
        *["\u200b", "\u3164", "\xa0", "\u2028", "\r\n", "\x0b", "😀", "❤️", "¯\\_(ツ)_/¯"],
    ]
)
WORDS = st.sampled_from(
    ["wort", "Text", "hidden", "重要", "です", "ください", "слово", "Übung", "קול", "ไทย", "한국어", "w17"]
)


@examples(1500)
@given(st.lists(MARKS | WORDS, max_size=40).map("".join))
@example(">" * 20 + " hidden")
@example("> " * 40 + "hidden")
@example("- " * 40 + "hidden")
@example("1. " * 40 + "hidden")
@example("```hidden\n```")
@example("```hidden words\ncode\n```")
@example("~~~ hidden ~~~")
@example('[text](https://a.example "hidden")')
@example("[](hidden)")
@example("hidden [](https://a.example) text")
@example("&hidden; &copy; &Übung;")
@example("| a |\n|---|\n| b | hidden |")
@example("a\\\nhidden")
@example("[hidden](ftp://a.example)")
@example("[https://hidden.example](https://trap.example/words)")
@example("[hidden.example](<https://trap.example/words>)")
def test_every_word_of_a_body_appears_in_its_rendering(body):
    check_words(body)


@pytest.mark.parametrize("depth", [1, 8, 16, 17, 20, 100, 1000])
@pytest.mark.parametrize("mark", [">", "> ", "- ", "1. ", "+ ", "> - ", "# ", "*", "**", "_", "[", "`", "~~", "("])
def test_text_at_any_depth_is_shown(mark, depth):
    assert "KEEP" in text_of(render(mark * depth + " KEEP"))
    assert "KEEP" in text_of(render(mark * depth + "KEEP" + mark[::-1] * depth))


def test_text_in_lists_at_any_depth_is_shown():
    body = "\n".join("  " * depth + f"- item{depth}" for depth in range(40))
    assert all(f"item{depth}" in text_of(render(body)).split() for depth in range(40))


@pytest.mark.parametrize(
    "body",
    [
        "[](https://example.org)",
        "[ ](https://example.org)",
        "[\u200b](https://example.org)",
        "[\u3164](https://example.org)",
        "[](<>)",
        "[]()",
        "```\n```",
        "```\n\n\n```",
        "```\n\u200b\n```",
        "```python\n```",
        "~~~\n~~~",
        "```",
        "` `",
        "`` ``",
        ">",
        "> \u200b",
        ">\n>",
        "-",
        "- -",
        "* * *",
        "1.",
        "- \u200b",
        "#",
        "# #",
        "# \u2060",
        "**\u200b**",
        "| |\n|-|",
        "||\n|-|\n||",
        "&nbsp;",
        "&#8203;",
        "\\",
        "---",
        "****",
        "____",
        "~~~~",
        "<!-- -->",
        "<br>",
        "&#x200b;",
    ],
)
def test_a_body_whose_rendering_would_be_empty_is_shown_as_typed(body):
    def squeeze(text):
        return re.sub(r"\s", "", text)

    assert squeeze(text_of(render(body))) == squeeze(body)


@pytest.mark.parametrize(
    "unit",
    ["> ", ">", "- ", "1. ", "  - a\n", "> a\n", ">\n", "> \n> a\n", "[", "[]", "[](", "![", "](", "[a](https://a.b)"]
    + ["*", "*a", "*a ", "a* ", "**a ", "*a**b", "_*a", "~~a ", "~~", "`", "`a", "`a``b", "``` ", "```\n", "```a\n"]
    + ["\\", "\\*", "\\`", "\\[", "<", "<a", "<https:", "&", "|", "|-", "|a\n|-\n", "|a|\n|-|\n|b|\n", "# a\n", "# "]
    + [
        "https://a.b",
        "https://a.b ",
        "https://a.b/(",
        "https://a.b/)",
        "https://東",
        "https://a.b/東/",
        "https://",
        "://",
    ]
    + [
        "重**",
        "**「a」",
        "(",
        "a(*",
        "- [x] a\n",
        "1. a\n1986. b\n",
        "\n",
        " ",
        "\t",
        "\n\n    a",
        "http://a.b,",
        ":::",
    ],
)
def test_the_time_to_render_does_not_grow_with_the_square_of_the_length_of_a_body(unit):
    def seconds(length):
        return _seconds_for(("x" + unit * length)[:length] + "x")

    short, long = seconds(1000), seconds(4000)
    if long >= 0.25:
        # Another process may have disturbed the first measurement.
        short, long = min(short, seconds(1000)), min(long, seconds(4000))
    # If the time grew with the square of the length, the long body would take sixteen times as long.
    assert long < max(12 * short, 0.25), (short, long)
    assert long < 2


def _seconds_for(body):
    started = time.process_time()
    render.__wrapped__(body)
    return time.process_time() - started


@pytest.mark.parametrize("body", ["*a " * 700 + "b* " * 600, "**a " * 500 + "b** " * 500, "~~a " * 500 + "b~~ " * 500])
def test_nested_emphasis_does_not_take_long(body):
    assert _seconds_for(body[:4000]) < 1


def test_the_html_of_a_table_stays_in_proportion_to_its_body():
    columns = 600
    body = "|" + "a|" * columns + "\n|" + "-|" * columns + "\n" + "|\n" * 700
    assert len(render(body)) < 40 * len(body)
