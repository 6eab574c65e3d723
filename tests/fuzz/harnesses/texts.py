"""Harnesses of texts: bodies of messages, payloads of webhooks, and queries of the search."""

from chat import markup
from chat.markup.sanitiser import sanitise
from chat.protocol import MAX_BODY, ChatError, check_body, parse_object
from chat.services import search
from chat.services.hooks import read_payload
from chat.services.search.snippets import make_snippet
from chat.services.search.words import list_tokens
from tests.chat.harmless_html import check_harmless
from tests.fuzz.target import count_calls, read_text, split_parts

FIELDS = ("author", "room", "has", "before", "after")
# "[" takes the most, 115 calls for each character. The worst case of up to 1,000 characters is below this.
CALLS_PER_CHARACTER = 300
ZONES = (None, "Europe/Berlin", "Pacific/Apia", "Africa/Monrovia")


def check_markup(data):
    """
    The HTML of a body contains only permitted tags, and the sanitiser has nothing left to remove.

    The work grows with the length of the body.
    """
    try:
        body = check_body(read_text(data)[:MAX_BODY])
    except ChatError:
        return
    html, calls = count_calls(markup.render.__wrapped__, body)
    assert calls < CALLS_PER_CHARACTER * (len(body) + 50), f"{calls} calls for {len(body)} characters"
    check_harmless(html)
    assert sanitise(html) == html
    list_tokens(body)


def read_query(data):
    """Return the query of an input, or None if it is refused. The lines after the first one are `name=value`."""
    text, *lines = read_text(data).split("\n")
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    zone = ZONES[len(data) % len(ZONES)]
    try:
        return search.read_query(text, {name: fields[name] for name in FIELDS if name in fields}, zone)
    except ChatError as error:
        assert error.code in ("invalid_field", "empty", "too_long")
        return None


def check_query(data):
    """A query is understood or refused; its tokens are never empty."""
    query = read_query(data)
    if query is not None:
        assert all(phrase.tokens and all(phrase.tokens) for phrase in query.phrases)


def check_snippet(data):
    """A snippet of a body is harmless, whatever the query is."""
    body, text = split_parts(data, 2)
    query = read_query(text.encode("utf-8", "surrogatepass"))
    try:
        body = check_body(body[:MAX_BODY])
    except ChatError:
        return
    if query is not None:
        snippet = make_snippet(body, query.phrases) or ""
        assert snippet.count("<mark>") == snippet.count("</mark>")
        assert "<" not in snippet.replace("<mark>", "").replace("</mark>", "")


def check_payload(data):
    """The payload of a webhook becomes a message that can be stored and drawn, or it has no text."""
    try:
        payload = read_payload(parse_object(data))
    except ChatError as error:
        assert error.code in ("invalid_json", "not_an_object")
        return
    if payload is not None:
        assert check_body(payload.body) == payload.body
        assert len(payload.name) <= 80 and len(payload.icon) <= 64
        check_harmless(markup.render(payload.body))
