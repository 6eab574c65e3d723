"""The harness of the pages to which messages link."""

import unicodedata

from chat.models import Preview
from chat.services.link_previews.documents import read_page
from tests.fuzz.target import count_calls

TYPES = ("text/html", "text/html; charset=utf-8", "text/html; charset=shift_jis", "text/html; charset=x")
CALLS_PER_BYTE = 20


def check_page(data):
    """
    A document yields nothing, or short, visible texts and at most one HTTP or HTTPS address of an image.

    The number of calls is at most proportional to the length of the document.
    """
    page, calls = count_calls(read_page, data, TYPES[len(data) % len(TYPES)], "https://flowers.example/a/b")
    assert calls < CALLS_PER_BYTE * (len(data) + 50), f"{calls} calls for {len(data)} bytes"
    if page is None:
        return
    limits = {page.title: Preview.MAX_TITLE, page.description: Preview.MAX_DESCRIPTION, page.site: Preview.MAX_SITE}
    assert page.title and all(len(text) <= most for text, most in limits.items())
    assert not {unicodedata.category(character) for text in limits for character in text} & {"Cc", "Cs", "Zl", "Zp"}
    assert not page.image or page.image.startswith(("http://", "https://"))
    "".join(limits).encode()
