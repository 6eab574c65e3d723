"""Everyday text is shown as typed, even where CommonMark would change it. Intended markup becomes markup."""

import html
import re

import pytest

from chat.markup import render
from chat.markup.sanitiser import sanitise

pytestmark = pytest.mark.no_database


def check_as_typed(body):
    assert render(body) == "<p>" + html.escape(body, quote=False).replace("\n", "<br>\n") + "</p>"


@pytest.mark.parametrize(
    "body",
    [
        "<_< >_>",
        "<_< hello >_>",
        ">_< hello >_<",
        "¯\\_(ツ)_/¯",
        "¯\\\\_(ツ)_/¯",
        "¯_(ツ)_/¯",
        "so ¯\\_(ツ)_/¯ and ¯\\_(ツ)_/¯",
        "\\_(ツ)_/",
        ">_<",
        ">.<",
        ">:(",
        ">:-) hi",
        ">_>",
        "^_^ hello ^_^",
        "-_- hello -_-",
        ";_; hello ;_;",
        "._. hello ._.",
        "=_= hello =_=",
        "'_' hello '_'",
        "•_• hello •_•",
        "ಠ_ಠ hello ಠ_ಠ",
        "o_O T_T u_u",
        "*_* hello *_*",
        "*-* hello *-*",
        "(*^_^*)",
        "(*^ω^*) (*^ω^*)",
        "(*´ω`*) ヽ(*´∀`*)ノ",
        "(´・ω・`) hello (´・ω・`)",
        "\\(^o^)/ \\o/",
        "(╯°□°)╯︵ ┻━┻",
        "┬─┬ノ( º _ ºノ)",
        "(>_<) (>.<)",
        "<3 </3",
        "d(^_^)b",
    ],
)
def test_an_emoticon_is_shown_as_typed(body):
    check_as_typed(body)


@pytest.mark.parametrize(
    "body",
    [
        "snake_case_name",
        "__init__",
        "__init__.py and __name__",
        "2*3*4",
        "2 * 3 * 4",
        "5*x*y",
        "(a)*(b)*(c)",
        "f(x)*g(x)*h",
        "x**2 + y**2",
        "(a)**2 + (b)**2",
        "长*宽*高",
        "foo**bar**baz",
        "foo*bar*baz",
        "a~~b~~c",
        "~5 and ~6",
        "*.py and *.js",
        '"*.py" "*.js"',
        "**/*.py and src/**/*.js",
        "f(*args, **kwargs) and g(*args, **kwargs)",
        "/* a comment */ /* and more */",
        "price* and *small print",
        "name: ____ date: ____",
        "****",
        "*****",
        "~~~~",
        "* * *",
        "- - -",
        "---",
        "___",
        "****secret****",
    ],
)
def test_stars_and_underscores_within_text_are_text(body):
    check_as_typed(body)


@pytest.mark.parametrize(
    "body",
    [
        "12345678. a personal number",
        "1986. A great year",
        "2026) the year",
        "1000. a",
        "007. Bond",
        "00. a",
        "1.5 litres",
        "24. 12. 2026",
        "1. 1. 2027 closed",
        "1.",
        "3)",
        "-5 degrees",
        "+1",
        "+1 from me",
        "-",
        "*",
        "+",
        "-- Ann",
        "#1",
        "#tag",
        "#",
        "# #",
        ">quote",
        ">> quote",
        ">>> print(1)",
        ">",
        "->",
        "=> a",
        "1986. A great year\n1987. Another one",
        "a\n1986. b",
        "a | b",
        "|",
        "a | b\n---",
        "~~~ hi ~~~",
    ],
)
def test_the_beginning_of_a_line_is_text_unless_it_is_clearly_a_mark(body):
    check_as_typed(body)


@pytest.mark.parametrize(
    "body",
    [
        "C:\\new\\_temp\\*x",
        "C:\\Users\\ann",
        "\\\\server\\share",
        "\\d+\\.\\d*",
        "a\\\nb",
        "a\\",
        "\\",
        "\\\\",
        "\\alpha \\( x \\)",
        'it\\\'s \\"so\\"',
        "snake\\_case",
        "2\\*3",
        "\\!",
        "a\\.b",
        "\\`",
        "\\[a]",
        "\\< b",
        "a \\# b",
        "https\\://a.example",
        "C:\\*.*",
        "del C:\\temp\\*.txt /s",
    ],
)
def test_a_backslash_that_protects_nothing_is_shown(body):
    check_as_typed(body)


@pytest.mark.parametrize(
    "body, text",
    [
        ("\\*no\\*", "*no*"),
        ("\\*no*", "*no*"),
        ("\\_no\\_", "_no_"),
        ("\\*\\*no\\*\\*", "**no**"),
        ("\\~~no\\~~", "~~no~~"),
        ("\\`no\\`", "`no`"),
        ("\\`no`", "`no`"),
        ("\\[a](https)", "[a](https)"),
        ("\\# no", "# no"),
        ("\\> no", "> no"),
        ("\\- no", "- no"),
        ("1\\. no", "1. no"),
        ("\\<a@b.example>", "<a@b.example>"),
    ],
)
def test_a_backslash_that_protects_a_mark_is_dropped(body, text):
    assert render(body) == f"<p>{html.escape(text, quote=False)}</p>"


@pytest.mark.parametrize(
    "body",
    ["&nbsp;", "&copy; &amp; &lt;b&gt;", "AT&amp;T", "&#8203;", "&#x1f600;", "fish & chips", "a < b > c", "<b>a</b>"],
)
def test_html_and_its_entities_are_text(body):
    check_as_typed(body)


def emphasised(body):
    """Return `body` as it is rendered, with brackets for the tags of emphasis."""
    rendered = re.sub("</?p>", "", render(body))
    for tag, marks in [("strong", "{}"), ("em", "<>"), ("s", "[]")]:
        rendered = rendered.replace(f"<{tag}>", "\x01" + marks[0]).replace(f"</{tag}>", marks[1] + "\x02")
    return rendered.replace("\x01", "").replace("\x02", "")


@pytest.mark.parametrize(
    "body, text",
    [
        ("これは**重要（じゅうよう）**です", "これは{重要（じゅうよう）}です"),
        ("这是**“重点”**内容", "这是{“重点”}内容"),
        ("这是**“一”**和**“二”**内容", "这是{“一”}和{“二”}内容"),
        ("これは**重要**です。**「強調」**の", "これは{重要}です。{「強調」}の"),
        ("**重要。**次", "{重要。}次"),
        ("（**重要**）", "（{重要}）"),
        ("「**重要**」、**次**。", "「{重要}」、{次}。"),
        ("版本**2.0**发布", "版本{2.0}发布"),
        ("请用**API**调用", "请用{API}调用"),
        ("한국어**강조**는", "한국어{강조}는"),
        ("ไทย**เน้น**มาก", "ไทย{เน้น}มาก"),
        ("これは~~違う（うそ）~~です", "これは[違う（うそ）]です"),
        ("*重要*", "<重要>"),
        ("『*重要*』", "『<重要>』"),
        ("**bold** *it* _it_ __so bold__ ~~gone~~", "{bold} <it> <it> {so bold} [gone]"),
        ("***both***", "<{both}>"),
        ("**a *b* c**", "{a <b> c}"),
        ("*a **b** c*", "<a {b} c>"),
        ('(*a*), "*b*", *c*. *d*! *e*: **f**\'', '(<a>), "<b>", <c>. <d>! <e>: {f}\''),
        ('*"a"* *(b)* *$5* *5 %* *#a* *@ann*', '<"a"> <(b)> <$5> <5 %> <#a> <@ann>'),
        ("**Hello :)** **--all** **100 %**", "{Hello :)} {--all} {100 %}"),
        ("👉*this*👈 👉🏽*this* ❤️*this*", "👉<this>👈 👉🏽<this> ❤️<this>"),
        ("*🎉* **🎉🎉**", "<🎉> {🎉🎉}"),
        ("_snake_case_", "<snake_case>"),
        ("*один* **два**, _три_", "<один> {два}, <три>"),
        ("**שלום**, *עולם*", "{שלום}, <עולם>"),
        ("*a\nb*", "<a<br>\nb>"),
        ("*...and* *…so*", "<...and> <…so>"),
        ("a/*b*/c", "a/<b>/c"),
        ("*`a`* _b `c`_, *d*", "<<code>a</code>> <b <code>c</code>>, <d>"),
        ("@_max_ @*max* ＠_max_ *@max*", "@_max_ @*max* ＠_max_ <@max>"),
    ],
)
def test_emphasis_opens_and_closes_at_the_borders_of_words(body, text):
    assert emphasised(body) == text


@pytest.mark.parametrize(
    "body, blocks",
    [
        ("> said\nanswer", ["<blockquote><p>said</p></blockquote>", "<p>answer</p>"]),
        (
            "> a\n> b\nc\n> d\ne",
            ["<blockquote><p>a<br>b</p></blockquote>", "<p>c</p>", "<blockquote><p>d</p></blockquote>", "<p>e</p>"],
        ),
        ("> a\n>\n> b\nc", ["<blockquote><p>a</p><p>b</p></blockquote>", "<p>c</p>"]),
        ("> a\n>_<", ["<blockquote><p>a</p></blockquote>", "<p>&gt;_&lt;</p>"]),
        ("> > a\n> b\nc", ["<blockquote><blockquote><p>a</p></blockquote><p>b</p></blockquote>", "<p>c</p>"]),
        ("> - a\nb", ["<blockquote><ul><li>a</li></ul></blockquote>", "<p>b</p>"]),
        ("a\n> b", ["<p>a</p>", "<blockquote><p>b</p></blockquote>"]),
        ("> ```\n> a\n> ```\nb", ["<blockquote><pre><code>a</code></pre></blockquote>", "<p>b</p>"]),
        ("- a\n- b\nThanks", ["<ul><li>a</li><li>b</li></ul>", "<p>Thanks</p>"]),
        ("1. a\n2. b\nThanks", ["<ol><li>a</li><li>b</li></ol>", "<p>Thanks</p>"]),
        ("- a\n  b\n- c", ["<ul><li>a<br>b</li><li>c</li></ul>"]),
        ("1. a\n1986. b", ["<ol><li>a</li></ol>", "<p>1986. b</p>"]),
        ("1. a\n2. b\n24. 12. 2026", ["<ol><li>a</li><li>b</li></ol>", "<p>24. 12. 2026</p>"]),
        ("1. a\n\n24. 12. 2026 closed", ["<ol><li>a</li></ol>", "<p>24. 12. 2026 closed</p>"]),
        ("- a\n  > b\nc", ["<ul><li>a<blockquote><p>b</p></blockquote></li></ul>", "<p>c</p>"]),
        ("text\n- a\n- b", ["<p>text</p>", "<ul><li>a</li><li>b</li></ul>"]),
        ("999. a", ['<ol start="999"><li>a</li></ol>']),
        ("0. a\n1. b", ['<ol start="0"><li>a</li><li>b</li></ol>']),
        ("1. a\n1. b", ["<ol><li>a</li><li>b</li></ol>"]),
        ("2. a\n1. b\n2. c", ['<ol start="2"><li>a</li><li value="1">b</li><li>c</li></ol>']),
        ("1. a\n2. b\n1. c", ['<ol><li>a</li><li>b</li><li value="1">c</li></ol>']),
    ],
)
def test_a_quote_and_a_list_end_where_their_marks_end(body, blocks):
    assert re.sub(r"\n", "", render(body)) == "".join(blocks)


@pytest.mark.parametrize(
    "body, language, code",
    [
        ("```python\na\n```", "python", "a\n"),
        ("```C++\na\n```", "c++", "a\n"),
        ("```hello\na\n```", None, "hello\na\n"),
        ("```hello world\na\n```", None, "hello world\na\n"),
        ("```python a\nb\n```", None, "python a\nb\n"),
        ("```hello", None, "hello\n"),
        ("~~~js\na\n~~~", "js", "a\n"),
        ("```\na\n```", None, "a\n"),
    ],
)
def test_only_the_name_of_a_language_is_left_out_of_the_code_and_becomes_its_class(body, language, code):
    attribute = f' class="language-{language}"' if language else ""
    assert render(body) == f"<pre><code{attribute}>{code}</code></pre>"


def test_code_has_no_class_but_the_name_of_a_language():
    assert sanitise('<code class="language-js bar sheet">a</code><p class="bar">b</p>') == (
        '<code class="language-js">a</code><p>b</p>'
    )


@pytest.mark.parametrize("body", ["don`t and can`t", "un po` meno, un po` più", "l`uomo e l`altro"])
def test_a_backtick_that_stands_for_an_apostrophe_is_text(body):
    check_as_typed(body)


@pytest.mark.parametrize(
    "body", ["a `b` c", "a`b`c", "これは`b`です", "don`t `b` it", "(`b`)s", "``b``", "`b`", "`b`s"]
)
def test_code_is_code_beside_words_and_apostrophes(body):
    assert "<code>b</code>" in render(body)
