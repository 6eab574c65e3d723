"""
Deceptive links: whether the text of a named link is the address of another host than the link's target.

A reader follows `[https://bank.example](https://trap.example)` because of its text. These texts name a host:

- a text with `://` or `www.` anywhere in it;
- a text that is nothing but a host (`bank.example`), a host with a path, or a mail address.

"readme.md" and "node.js" are names of files, not of hosts. A text may name the target's own host or a parent of it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator

_WITH_SCHEME = re.compile(r"://([\w.:@%\[\]-]+)")
_WITH_WWW = re.compile(r"(?<![\w.-])www\.[\w.-]+")
_ONLY_ADDRESS = re.compile(r"(?:[^\s/@]+@)?([\w-]+(?:\.[\w-]+)+)(?::[0-9]+)?([/?#]\S*)?")
_TARGET = re.compile(r"(?:https?://|mailto:[^@]*@)([^/?#]*)", re.IGNORECASE)
_PORT = re.compile(r":[0-9]*$")
# These characters separate the labels of a host too.
_DOTS = dict.fromkeys(map(ord, "。｡．"), ".")
# Texts with these endings are mostly names of files, or of software.
_FILE_ENDINGS = {*"c cc cpp cs css csv doc docx gif go h htm html java jpeg jpg js json log md mjs mp3".split()}  # noqa: SIM905
_FILE_ENDINGS |= {*"mp4 odt pdf php png py rb rs rst sh sql svg toml ts tsx txt xls xlsx xml yaml yml zip".split()}  # noqa: SIM905


def names_other_host(label: str, target: str, normalize: Callable[[str], str]) -> bool:
    """
    Return whether the text of a link names another host than the link's target.

    - `label`: the text, without marks such as `*`.
    - `target`: the address, as in the `href`.
    - `normalize`: returns an address as in an `href`, with the host in its ASCII form.
    """
    named = list(_find_hosts(_simplify(label)))
    if not named:
        return False
    own = _clean_host(target)
    return not all(_is_part_of(own, _normalize_host(host, normalize)) for host in named)


def _is_part_of(own, host):
    """Return whether the host `own` is `host` or below it. Nothing is below a name without a dot, such as `org`."""
    return own == host or "." in host and own.endswith(f".{host}")


def _simplify(label):
    """Return the text without invisible characters, combining marks and outer `<>`, in NFKC and in lower case."""
    visible = "".join(character for character in label if unicodedata.category(character) not in ("Cf", "Mn"))
    return unicodedata.normalize("NFKC", visible.translate(_DOTS)).lower().strip().strip("<>")


def _find_hosts(text) -> Iterator[str]:
    """Yield the hosts that a text names, as they were typed."""
    yield from _WITH_SCHEME.findall(text)
    yield from _WITH_WWW.findall(text)
    address = _ONLY_ADDRESS.fullmatch(text)
    if address:
        ending = address[1].rpartition(".")[2]
        is_file = not address[2] and "@" not in text and ending in _FILE_ENDINGS
        if not is_file and not ending.isdigit() and len(ending) > 1:
            yield address[1]


def _normalize_host(host, normalize):
    return _clean_host(normalize(f"https://{host}/"))


def _clean_host(address):
    """Return the host of an address, without user, port and `www.`; the empty string if there is none."""
    found = _TARGET.match(address)
    host = found[1].rpartition("@")[2].lower() if found else ""
    return _PORT.sub("", host).rstrip(".,:;!").removeprefix("www.")
