"""
Slack's notation of texts, as Markdown of this chat.

| Slack | here |
|---|---|
| `*bold*`, `~struck~` | `**bold**`, `~~struck~~` |
| `<https://x.example|name>`, `<https://x.example>` | `[name](https://x.example)`, `https://x.example` |
| `<!channel>`, `<!everyone>`, `<!here>` | `@all`, `@here` |
| `<#C1|name>`, `<@U1|name>`, `<!date^…|name>` | `#name`, `@name`, `name` |
| `&lt;`, `&gt;`, `&amp;` | `<`, `>`, `&` |
| `:tada:` | the emoji |

Code keeps its text. Texts that are Markdown already, such as `**bold**`, stay as they are.
"""

import re
from collections.abc import Callable
from functools import lru_cache

import emoji as emoji_names

_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_REFERENCE = re.compile(r"<([^<>\n|]{1,3000})(?:\|([^<>\n]*))?>")
_BOLD = re.compile(r"(?<![\w*\\])\*(?![\s*])([^*\n]+?)(?<![\s*])\*(?![\w*])")
_STRUCK = re.compile(r"(?<![\w~\\])~(?![\s~])([^~\n]+?)(?<![\s~])~(?![\w~])")
_ESCAPED = re.compile("&(lt|gt|amp);")
_CHARACTERS = {"lt": "<", "gt": ">", "amp": "&"}
_CALLS = {"!channel": "@all", "!everyone": "@all", "!group": "@all", "!here": "@here"}
# The library's own search takes five times as long, and a payload may have 100,000 short texts between marks of code.
_EMOJI = re.compile(r":[^\s:]{1,80}:")
_LINK = re.compile(r"(?:https?://|mailto:|tel:)\S+")


def convert(text: str, is_marked: bool = True) -> str:
    """Return a text of Slack as Markdown. Without `is_marked`, convert only its references and escapes."""
    parts = _CODE.split(text)
    return "".join(
        _write_code(part) if index % 2 else _convert_outside(part, is_marked) for index, part in enumerate(parts)
    )


def unescape(text: str) -> str:
    """Return a text without Slack's escapes."""
    return _ESCAPED.sub(lambda found: _CHARACTERS[found[1]], text)


def make_link(label: str, url: str) -> str:
    """Return a Markdown link. Brackets in the label are text, and parentheses in the address do not end it."""
    text, target = re.sub(r"([\[\]\\])", r"\\\1", label), url.replace("(", "%28").replace(")", "%29")
    return f"[{text}]({target})"


def _write_code(part: str) -> str:
    inner = _REFERENCE.sub(lambda found: found[2] or found[1], part)
    # In Markdown, a fence must have a line of its own.
    if inner.startswith("```") and "\n" in inner:
        inner = f"```\n{inner[3:-3].strip(chr(10))}\n```"
    return unescape(inner)


def _convert_outside(text: str, is_marked: bool) -> str:
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        # A link must not change when the marks around it are converted.
        kept.append(_write_reference(found[1], found[2]))
        return f"\0{len(kept) - 1}\0"

    text = _REFERENCE.sub(keep, text.replace("\0", ""))
    if is_marked:
        text = _STRUCK.sub(r"~~\1~~", _BOLD.sub(r"**\1**", text))
        text = _EMOJI.sub(_draw_emoji, text)
    return re.sub("\0(\\d+)\0", _put_back(kept), unescape(text))


def _draw_emoji(found: re.Match[str]) -> str:
    return find_emoji(found[0])


@lru_cache(maxsize=1000)
def find_emoji(mark: str) -> str:
    """Return the emoji that a name such as `:rocket:` means, or the name if it means none."""
    return emoji_names.emojize(mark, language="alias")


def _put_back(kept: list[str]) -> Callable[[re.Match[str]], str]:
    return lambda found: kept[int(found[1])]


def _write_reference(target: str, label: str | None) -> str:
    """Return the Markdown of a reference `<target|label>`."""
    label = unescape(label or "").strip()
    if target.startswith("!"):
        return _CALLS.get(target.partition("|")[0], label or "")
    if target[0] in "@#":
        return target[0] + (label.lstrip("@#") or target[1:])
    target = unescape(target)
    if not _LINK.fullmatch(target):
        return f"<{target}>" if not label else f"<{target}|{label}>"
    if target.startswith(("mailto:", "tel:")):
        return label or target.partition(":")[2]
    if not label or label == target:
        return target
    return make_link(label, target)
