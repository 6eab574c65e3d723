"""
Read what a page says about itself: its title, its description, the name of its site, and its image.

The head of an HTML document says this in `<title>` and in `<meta>`, with the names of OpenGraph and of Twitter cards.
A document may be hostile. So the result is plain text of limited length without control characters. The time to read a
document is proportional to its length: the scanner moves forward, and never reads a part twice. (The parser of Python's
library needs minutes for some documents of 256 kB.)
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from chat.markup.entities import unescape
from chat.models import Preview
from chat.services import outgoing

_TITLES = ("og:title", "twitter:title", "title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")
_IMAGES = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
_SITE = "og:site_name"

_TAG = re.compile(r"<(?:!--|(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30}))")
_ATTRIBUTE = re.compile(r"""[\s/]*([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_REST_OF_TAG = re.compile("[^>]*>")
# The scanner looks for no tags within these elements.
_TEXTS = frozenset(("title", "script", "style", "textarea", "noscript", "template", "svg"))
_SPACES = re.compile(r"\s+")
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
# These characters join letters, and the parts of an emoji.
_JOINING = frozenset("\u200c\u200d")

# Browsers read these encodings. Python also has codecs that do not encode text, and dangerous ones such as UTF-7.
_ENCODINGS = frozenset(
    [
        "utf-8",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "gb18030",
        "gbk",
        "gb2312",
        "big5",
        "euc_jp",
        "shift_jis",
        "iso2022_jp",
    ]
    + ["euc_kr", "cp949", "koi8-r", "koi8-u", "mac-roman", "tis-620", "cp874", "cp1252", "cp932", "big5hkscs"]
    + [f"cp125{number}" for number in range(9)]
    + [f"iso8859-{number}" for number in range(2, 17)]
)
_LATIN = frozenset(("ascii", "iso8859-1"))  # browsers read both as windows-1252
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
_DECLARED_WITHIN = 2048  # bytes


@dataclass(frozen=True)
class Page:
    """What a page says about itself. All fields except `title` may be empty. `image` is an address."""

    title: str
    description: str = ""
    site: str = ""
    image: str = ""


def read_page(content: bytes, content_type: str, address: str) -> Page | None:
    """
    Return what an HTML document says about itself, or None if it has no title.

    `content` may be only the beginning of the document. `content_type` is the header of the response, and `address` is
    the address of the document.
    """
    found = _read_head(_decode(content, content_type))
    title = _clean(_first(found, _TITLES), Preview.MAX_TITLE)
    if not title:
        return None
    description = _clean(_first(found, _DESCRIPTIONS), Preview.MAX_DESCRIPTION)
    site = _clean(found.get(_SITE, ""), Preview.MAX_SITE)
    return Page(title, "" if description == title else description, site, _join(address, _first(found, _IMAGES)))


def _first(found, names):
    return next((found[name] for name in names if found.get(name, "").strip()), "")


def _join(address, image):
    try:
        return outgoing.check_url(urljoin(address, image.strip())) if image.strip() else ""
    except (ValueError, outgoing.AddressRefused):
        return ""


def _clean(text: str, most: int) -> str:
    """Return a text as one line of at most `most` characters, without invisible characters."""
    line = _SPACES.sub(" ", text[: 20 * most])
    visible = "".join(filter(_is_kept, line)).strip()
    return visible if len(visible) <= most else visible[: most - 1].rstrip() + "…"


def _is_kept(character):
    return character in _JOINING or unicodedata.category(character) not in _INVISIBLE


# The bytes.


def _decode(content: bytes, content_type: str) -> str:
    """Decode a document. Its encoding comes from its byte order mark, else from the header, else from the document."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, "replace")
    declared = _DECLARED.search(content_type.encode("ascii", "ignore")) or _DECLARED.search(content[:_DECLARED_WITHIN])
    encoding = _find_encoding(declared[1].decode("ascii")) if declared else None
    return _decode_undeclared(content) if encoding is None else content.decode(encoding, "replace")


def _find_encoding(name: str) -> str | None:
    try:
        known: Any = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    if known in _LATIN:
        return "cp1252"
    return known if known in _ENCODINGS else None


def _decode_undeclared(content):
    text = content.decode("utf-8", "replace")
    # The content may be cut off within a character. A document in another encoding has many invalid bytes.
    return text if text.count("\ufffd") <= 1 else content.decode("cp1252", "replace")


# The text.


def _read_head(text: str) -> dict[str, str]:
    """Return {name in lower case: content} of the first `<meta>` with each name, and of `<title>`."""
    found: dict[str, str] = {}
    position = 0
    while (tag := _TAG.search(text, position)) is not None:
        name = (tag[2] or "").lower()
        if not name:
            position = _find_after(text, "-->", tag.end())
            continue
        if name == "body" or (tag[1] and name == "head"):
            break
        attributes, position = _read_attributes(text, tag.end())
        if name in _TEXTS and not tag[1]:
            end = _find_end_of_text(text, name, position)
            if name == "title":
                found.setdefault("title", unescape(text[position:end]))
            position = end
        elif name == "meta":
            key = (attributes.get("property") or attributes.get("name") or "").strip().lower()
            if key and "content" in attributes:
                found.setdefault(key, attributes["content"])
    return found


def _find_after(text, mark, position):
    found = text.find(mark, position)
    return len(text) if found < 0 else found + len(mark)


def _find_end_of_text(text, name, position):
    closing = re.compile(f"</{name}", re.IGNORECASE).search(text, position)
    return len(text) if closing is None else closing.start()


def _read_attributes(text: str, position: int) -> tuple[dict[str, str], int]:
    """Return ({name in lower case: value} of a tag, the position after the tag)."""
    attributes: dict[str, str] = {}
    while (found := _ATTRIBUTE.match(text, position)) is not None:
        value = next((part for part in found.groups()[1:] if part is not None), "")
        attributes.setdefault(found[1].lower(), unescape(value))
        position = found.end()
    rest = _REST_OF_TAG.match(text, position)
    return attributes, len(text) if rest is None else rest.end()
