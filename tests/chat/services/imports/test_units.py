"""The parts of an import: mrkdwn, names of emoji, long texts, handles and slugs."""

import pytest

from chat import markup
from chat.protocol import MAX_BODY
from chat.services.imports.bodies import split_text
from chat.services.imports.emoji_names import find_emoji, replace_names
from chat.services.imports.mrkdwn import convert
from chat.services.imports.rooms import make_slug
from chat.services.people.imported import make_import_handle

pytestmark = pytest.mark.no_database


class Names:
    def find_handle(self, id):
        return {"U1": "Alice B"}.get(id)

    def find_slug(self, id):
        return {"C1": "garden"}.get(id)


@pytest.mark.parametrize(
    "slack, markdown",
    [
        ("plain", "plain"),
        ("*bold*, _it_, ~gone~", "**bold**, _it_, ~~gone~~"),
        ("*_both_* (*x*) *a* *b*", "**_both_** (**x**) **a** **b**"),
        ("2 * 3 * 4, a*b*c, ~/home, x~y~z", "2 * 3 * 4, a*b*c, ~/home, x~y~z"),
        ("`*code* &amp; <@U1>`", "`*code* & @Alice B`"),
        ("```a\n*b*```", "```\na\n*b*\n```"),
        ("see ```a``` there", "see\n```\na\n```\nthere"),
        ("``` ` ```", "```\n ` \n```"),
        ("&gt; a\n&gt; b\nc", "> a\n> b\nc"),
        ("a\n&gt;&gt;&gt; b\nc", "a\n> b\n> c"),
        ("1 &gt; 0 &amp;&amp; 1 &lt; 2 &amp;amp;", "1 > 0 && 1 < 2 &amp;"),
        ("<@U1> <@U1|x> <@U2|bob> <@U3>", "@Alice B @Alice B @bob @U3"),
        ("<#C1> <#C1|x> <#C2|old> <#C3|>", "#garden #garden #old #C3"),
        ("<!here> <!channel> <!everyone|everyone>", "@here @all @all"),
        ("<!subteam^S1|@devs> <!subteam^S1>", "@devs @subteam"),
        ("<!date^1392734382^{date_num}|18 February>", "18 February"),
        ("<https://a.example/x?a=1&amp;b=2>", "https://a.example/x?a=1&b=2"),
        ("<https://a.example/x_(y)|a [b] c>", r"[a \[b\] c](https://a.example/x_%28y%29)"),
        ("<http://a.example|a.example>", "http://a.example"),
        ("*<http://a.example|go>*", "**[go](http://a.example)**"),
        ("<mailto:a@b.example|a@b.example> <tel:+123|call>", "a@b.example call"),
        ("<javascript:alert(1)|click>", "click"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("# no heading\n\u2022 one\n  \u25e6 two", "\\# no heading\n- one\n  - two"),
        (":tada: :nobody: <https://a.example:80:tada:>", "🎉 :nobody: https://a.example:80:tada:"),
        ("<", "<"),
        ("*unfinished _marks ~here `and", "*unfinished _marks ~here `and"),
        ("\ue0000\ue001 <@U1>", "0 @Alice B"),
        ("&#" + "9" * 5000 + ";", "\ufffd"),
    ],
)
def test_mrkdwn_becomes_markdown(slack, markdown):
    assert convert(slack, Names()) == markdown


def test_marks_of_slack_have_their_meaning_in_the_html():
    assert "<strong>a b</strong>" in markup.render(convert("x *a b* y", Names()))
    assert "<em>" not in markup.render(convert("a*b*c and 2*3*4", Names()))
    assert "<s>a</s>" in markup.render(convert("~a~", Names()))
    assert "<h1>" not in markup.render(convert("# a", Names())) and "# a" in markup.render(convert("# a", Names()))


@pytest.mark.parametrize(
    "name, emoji",
    [
        ("+1", "👍"),
        ("thumbsup::skin-tone-2", "👍🏻"),
        ("thumbsup_dark_skin_tone", "👍🏿"),
        ("+1_medium_light_skin_tone", "👍🏼"),
        ("man-shrugging::skin-tone-3", "🤷🏼‍♂️"),
        ("tada::skin-tone-3", "🎉"),
        ("flag-de", "🇩🇪"),
        ("de", "🇩🇪"),
        ("slightly_smiling_face", "🙂"),
        (":heart:", "❤️"),
        ("SMILE", "😄"),
        ("flag-xx", None),
        ("ourlogo", None),
        ("", None),
        ("::skin-tone-2", None),
    ],
)
def test_emoji_are_found_by_their_names(name, emoji):
    assert find_emoji(name) == emoji


def test_names_of_emoji_in_code_and_addresses_stay():
    text = ":tada: `:tada:` https://a.example/:tada: ```\n:tada:\n``` 10:30:00 :tada:"
    assert replace_names(text) == "🎉 `:tada:` https://a.example/:tada: ```\n:tada:\n``` 10:30:00 🎉"


def test_a_long_text_is_split_between_lines_and_nothing_is_lost():
    text = "\n\n".join(f"paragraph {number} " + "word " * 40 for number in range(100))
    parts = split_text(text)
    assert len(parts) > 3 and all(len(part) <= MAX_BODY for part in parts)
    assert " ".join(" ".join(parts).split()) == " ".join(text.split())
    assert all(part.startswith("paragraph") for part in parts)


def test_split_code_stays_code():
    lines = [f"line {number} of code" for number in range(500)]
    parts = split_text("```python\n" + "\n".join(lines) + "\n```\nafter")
    assert all(part.startswith("```python\n") for part in parts) and all(len(part) <= MAX_BODY for part in parts)
    assert [line for part in parts for line in part.split("\n") if line.startswith("line")] == lines
    assert all("<pre>" in markup.render(part) for part in parts)


def test_a_text_without_spaces_and_line_ends_is_split_too():
    parts = split_text("x" * 10_001)
    assert "".join(parts) == "x" * 10_001 and all(len(part) <= MAX_BODY for part in parts)
    assert split_text(" \n\u200b ") == [] and split_text("x" * MAX_BODY) == ["x" * MAX_BODY]


@pytest.mark.parametrize(
    "wish, handle",
    [
        ("Alice", "Alice"),
        ("  Alice   B ", "Alice B"),
        ("al\u202eice\x00", "alice"),
        ("x" * 50, "x" * 32),
        ("\u200b", ""),
        ("", ""),
        ("Zoë 🎉", "Zoë 🎉"),
    ],
)
def test_the_handle_of_an_export_becomes_an_allowed_handle(wish, handle):
    assert make_import_handle(wish) == handle


@pytest.mark.parametrize(
    "name, slug",
    [
        ("general", "general"),
        ("random_stuff", "random-stuff"),
        ("Ünï cödé!", "uni-code"),
        ("общий", ""),
        ("-x-", "x"),
        ("a" * 60, "a" * 50),
    ],
)
def test_a_name_becomes_a_slug(name, slug):
    assert make_slug(name) == slug
