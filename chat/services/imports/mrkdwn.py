"""
Convert Slack's markup "mrkdwn" into Markdown.

Source: https://api.slack.com/reference/surfaces/formatting. This module knows these parts of it:

- `&amp;`, `&lt;`, `&gt;` stand for & < >.
- `<@U1>`, `<@U1|name>`: a person. `<#C1>`, `<#C1|name>`: a channel. `<!here>`, `<!channel>`, `<!everyone>`: everybody.
  `<!subteam^S1|@team>`: a group of people. `<!date^1392734382^{date}|text>`: a time; only its text is kept.
- `<https://...>`, `<https://...|text>`, `<mailto:...|text>`: links.
- `*bold*`, `_italic_`, `~strike~`, `` `code` ``, a block of code between ``` marks; `>` quotes a line, and `>>>` quotes
  all lines after it; `•` begins an item of a list; `:name:` is an emoji.
"""

import re

from chat.markup.entities import unescape

from .emoji_names import replace_names
from .items import Names

_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_TOKEN = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
# An opening mark is before a word and a closing mark is after a word. A mark within a word is text.
_BOLD = re.compile(r"(?<![\w*\\])\*(?=\S)([^*\n]*[^\s*])\*(?![\w*])")
_STRIKE = re.compile(r"(?<![\w~\\])~(?=\S)([^~\n]*[^\s~])~(?![\w~])")
_QUOTE_REST = re.compile(r"^(?:&gt;|>){3} ?", re.MULTILINE)
_QUOTE = re.compile(r"^(?:&gt;|>) ?", re.MULTILINE)
_ITEM = re.compile(r"^([ \t]*)[•◦▪︎▪] *", re.MULTILINE)
_HEADING = re.compile(r"^(#{1,6} )", re.MULTILINE)
_EVERYBODY = {"here": "@here", "channel": "@all", "everyone": "@all", "group": "@all"}
_SCHEMES = ("https://", "http://", "mailto:", "tel:")


def convert(text: str, names: Names) -> str:
    """Return a text of Slack as Markdown, with the names that people and rooms have here."""
    parts = _CODE.split(text)
    parts[0::2] = [_convert_text(part, names) for part in parts[0::2]]
    parts[1::2] = [_convert_code(part, names) for part in parts[1::2]]
    return _set_fences_apart(parts)


def make_plain(text: str) -> str:
    """Return a text of Slack without markup: the labels of its links, or their addresses."""
    return unescape(_TOKEN.sub(lambda match: match[3] or match[2], text))


def _convert_code(code, names):
    """Replace only the tokens in code. Put the fences of a block of code on lines of their own."""
    plain = unescape(_TOKEN.sub(lambda match: _name_in_code(match, names), code))
    if not plain.startswith("```"):
        return plain
    inner = plain[3:-3].strip("\n")
    fence = "```" if "```" not in inner else "````"
    return f"{fence}\n{inner}\n{fence}"


def _name_in_code(match, names):
    kind, target, label = match.groups()
    if kind:
        return _name_token(kind, target, label, names)
    return label or target


def _set_fences_apart(parts):
    text = ""
    for part in parts:
        is_block = part.startswith("```")
        was_block = text.endswith("```")
        if was_block and part.strip():
            text, part = f"{text}\n", part.lstrip(" ").removeprefix("\n")
        elif is_block and text and not text.endswith("\n"):
            text = f"{text.rstrip(' ')}\n"
        text += part
    return text


def _convert_text(text, names):
    links: list[str] = []

    def keep(match):
        # A link contains characters that look like marks, so it is set aside.
        links.append(_convert_token(match, names))
        return f"\ue000{len(links) - 1}\ue001"

    text = _TOKEN.sub(keep, text.replace("\ue000", "").replace("\ue001", ""))
    text = _quote(text)
    text = _HEADING.sub(r"\\\1", text)
    text = _ITEM.sub(r"\1- ", text)
    text = _BOLD.sub(r"**\1**", text)
    text = _STRIKE.sub(r"~~\1~~", text)
    text = replace_names(unescape(text))
    return re.sub("\ue000([0-9]+)\ue001", lambda match: links[int(match[1])], text)


def _quote(text):
    rest = _QUOTE_REST.search(text)
    if rest is None:
        return _QUOTE.sub("> ", text)
    quoted = "\n".join(f"> {line}" for line in text[rest.end() :].split("\n"))
    return _QUOTE.sub("> ", text[: rest.start()]) + quoted


def _convert_token(match, names):
    kind, target, label = match.groups()
    if kind:
        return _name_token(kind, target, label, names)
    return _make_link(unescape(target), unescape(label or ""))


def _name_token(kind, target, label, names):
    label = unescape(label or "")
    if kind == "@":
        handle = names.find_handle(target)
        return f"@{handle or label.removeprefix('@') or target}"
    if kind == "#":
        return f"#{names.find_slug(target) or label.removeprefix('#') or target}"
    command = target.partition("^")[0]
    return _EVERYBODY.get(command) or label or f"@{command}"


def _make_link(address, label):
    if not address.startswith(_SCHEMES):
        return label or (address if "://" in address else f"<{address}>")
    plain = address.removeprefix("mailto:").removeprefix("tel:")
    if not label or label in (address, plain) or label.rstrip("/") == re.sub("^https?://", "", address).rstrip("/"):
        return plain
    if address.startswith("tel:"):
        return label
    # Brackets would end the text of the link, and round brackets or spaces its address.
    text = re.sub(r"([\[\]])", r"\\\1", " ".join(label.split()))
    return f"[{text}]({address.replace('(', '%28').replace(')', '%29').replace(' ', '%20')})"
