"""Each text that people see in a browser can be translated: the templates and the Python code mark it for gettext."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# The metrics are for programs.
METRICS = {ROOT / "chat/http" / name for name in ("health.py", "site_numbers.py")}
# These modules make pages, and files for people to read.
MODULES = sorted(set((ROOT / "chat" / "http").rglob("*.py")) - METRICS)
MODULES += sorted((ROOT / "chat" / "admin").rglob("*.py"))
MODULES += [ROOT / "chat/services/tasks" / f"{name}.py" for name in ("pages", "formats", "statistics", "charts")]
ERRORS = sorted((ROOT / "chat").rglob("*.py"))

# Names and keys, which are the same in every language.
NAMES = {"Chat", "K", "en-us"}
# The lines of security.txt, which programs read.
FIELDS = {"Contact: 0", "Expires: 0"}
# The values of buttons, which only the server reads.
VALUES = {"open", "closed"}
# These blocks of templates contain attributes, or the value of an attribute.
ATTRIBUTE_BLOCKS = {"body_class", "room_is"}
READ_ALOUD = {"title", "placeholder", "aria-label", "alt", "value"}
HOLE = "\ue000"  # stands for a tag or a variable of a template
GETTEXT = re.compile(r"_?([dn]?p?n?gettext(_lazy|_noop)?|_|format_gettext)$")
# The arguments of these functions are for logs and programs.
UNSEEN_CALLS = {"debug", "info", "warning", "error", "exception", "get", "compile", "patch_vary_headers", "setdefault"}


class Texts(HTMLParser):
    """The texts and the attributes of a template that people see or hear."""

    def __init__(self, source):
        super().__init__()
        self.found, self._inside = [], None
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self._inside = tag if tag in ("script", "style") else None
        self.found += [value for name, value in attributes if name in READ_ALOUD and value]

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside is None:
            self.found.append(data)


def find_plain_texts(source):
    """Return the texts of a template that no translator can translate."""
    pieces, defaults, is_skipped = [], [], False
    for token in Lexer(source).tokenize():
        words = token.contents.split() if token.token_type == TokenType.BLOCK else [""]
        is_start = words[0] == "blocktrans" or (words[0] == "block" and words[1] in ATTRIBUTE_BLOCKS)
        is_skipped = is_start or (is_skipped and words[0] not in ("endblocktrans", "endblock"))
        if token.token_type == TokenType.TEXT:
            pieces.append(HOLE if is_skipped else token.contents)
        elif token.token_type in (TokenType.BLOCK, TokenType.VAR):
            pieces.append(HOLE)
        if token.token_type == TokenType.VAR:
            defaults += re.findall(r"""\|(?:default\w*|pluralize|yesno|add):["']([^"']+)["']""", token.contents)
    texts = [text.strip() for found in Texts("".join(pieces)).found for text in found.split(HOLE)]
    return [text for text in texts + defaults if is_words(text) and text not in NAMES | VALUES]


def is_words(text):
    return any(character.isalpha() for character in text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_text_of_a_template_can_be_translated(path):
    assert find_plain_texts(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        '<p title="Hello">{{ name }}</p>',
        '<input placeholder="{% if a %}Hello{% endif %}">',
        "<p>{% trans 'One' %} two</p>",
        "<p>{% blocktrans %}One{% endblocktrans %} two</p>",
        '{{ number|pluralize:"person,people" }}',
        "<p>{% if a %}<b>Hello</b>{% endif %}",
    ],
)
def test_a_plain_text_in_a_template_is_found(source):
    assert find_plain_texts(source) != []


@pytest.mark.parametrize(
    "source",
    [
        '<p class="lead">{% trans "Hello" %} <b>12 × {{ number }}</b></p>',
        '<p title="{% trans "Hello" %}"></p>',
        "{# A comment. #}<p{% if a %} hidden{% endif %}>{% blocktrans %}Hello {{ name }}{% endblocktrans %}</p>",
        "<style>p { color: red }</style><kbd>K</kbd>",
    ],
)
def test_a_translated_text_and_what_nobody_reads_are_no_plain_texts(source):
    assert find_plain_texts(source) == []


class Literals(ast.NodeVisitor):
    """The sentences of a module that no translator can translate, and the labels and help texts of forms."""

    def __init__(self, source):
        self.found = []
        self.visit(ast.parse(source))

    def visit_Expr(self, node):
        if not isinstance(node.value, ast.Constant):  # no docstring
            self.generic_visit(node)

    def visit_Call(self, node):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "ChatError" or GETTEXT.match(name) or name in UNSEEN_CALLS:
            return
        labels = [word.value for word in node.keywords if word.arg in ("label", "help_text", "verbose_name")]
        self.found += [label.value for label in labels if isinstance(label, ast.Constant)]
        self.generic_visit(node)

    def visit_Raise(self, node):
        name = getattr(getattr(node.exc, "func", None), "id", "")
        if name not in ("ValueError", "TypeError", "LookupError", "RuntimeError", "MultiPartParserError"):
            self.generic_visit(node)

    def visit_JoinedStr(self, node):
        parts = [part.value if isinstance(part, ast.Constant) else "0" for part in node.values]
        self._look_at("".join(parts))
        for part in node.values:
            if not isinstance(part, ast.Constant):
                self.visit(part)

    def visit_FormattedValue(self, node):
        self.visit(node.value)  # the format is no text

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            self._look_at(node.value)

    def _look_at(self, text):
        if re.match(r"[A-Z]\w*[,:.]? .*\w", text) and text not in FIELDS:
            self.found.append(text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_sentence_of_a_page_can_be_translated(path):
    assert Literals(path.read_text(encoding="utf-8")).found == []


@pytest.mark.parametrize(
    "source",
    ['text = "Not found."', 'f(title="Hello world")', 'text = f"Hello {name}"', 'CharField(label="Name")'],
)
def test_a_plain_sentence_in_code_is_found(source):
    assert len(Literals(source).found) == 1


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring."""',
        'text = gettext("Not found.")',
        'CharField(label=gettext_lazy("Name"))',
        'logger.error("The request failed")',
        'raise ChatError("not_found", "There is nothing.")',
        'key = "name"',
    ],
)
def test_a_translated_sentence_and_what_nobody_reads_are_no_plain_sentences(source):
    assert Literals(source).found == []


# Django's validators write the sentences about a password, and translate them.
TRANSLATED_BY_DJANGO = {"sentences"}
OPTIONS = {"ref", "retry_after", "field"}


def find_unreadable_errors(source):
    """Return the ChatErrors whose text gettext cannot collect, or whose text names other values than the call has."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    errors = [node for node in calls if "ChatError" in (getattr(node.func, "id", ""), getattr(node.func, "attr", ""))]
    return [ast.unparse(node) for node in errors if not _is_readable(node)]


def _is_readable(call):
    text = call.args[1]
    if not isinstance(text, ast.Constant):
        return getattr(text, "id", None) in TRANSLATED_BY_DJANGO
    values = {keyword.arg for keyword in call.keywords} - OPTIONS
    return set(re.findall(r"%\((\w+)\)s", text.value)) == values


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_text_of_each_error_can_be_translated(path):
    assert find_unreadable_errors(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'ChatError("a", f"At most {number}.")',
        'protocol.ChatError("a", detail)',
        'ChatError("a", "At most %(most)s.")',
        'ChatError("a", "At most %(most)s.", ref, number=1)',
        'ChatError("a", "There is nothing.", most=1)',
    ],
)
def test_an_error_whose_text_cannot_be_translated_is_found(source):
    assert len(find_unreadable_errors(source)) == 1
