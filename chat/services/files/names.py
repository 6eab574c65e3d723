"""
The names of stored files: `<kind>/<2 hexadecimal digits>/<32 hexadecimal digits>`, such as `results/3f/3f08...`.

No part of a name comes from a person. Every store checks each name, so no name can leave the store's directory.
"""

import re
import secrets

# \A and \Z: `$` would also match before a newline at the end.
_NAME = re.compile(r"\A([a-z]{1,20})/([0-9a-f]{2})/(\2[0-9a-f]{30})\Z")
_KIND = re.compile(r"\A[a-z]{1,20}\Z")


def make_name(kind: str) -> str:
    """Return a name that no file has. `kind` is a word of at most 20 lower-case letters."""
    digits = secrets.token_hex(16)
    # Each kind has 256 folders, so that a sweep need not read all folders if there are many files.
    return check_name(f"{kind}/{digits[:2]}/{digits}")


def check_name(name: str) -> str:
    """Return the name. Raise ValueError if it does not have the form of the names that `make_name` returns."""
    if not is_name(name):
        raise ValueError(f"{name!r} is not the name of a stored file")
    return name


def is_name(name: str) -> bool:
    """Return whether a name has the form of the names that `make_name` returns."""
    return _NAME.match(name) is not None


def is_kind(kind: str) -> bool:
    """Return whether this is a word of at most 20 lower-case letters."""
    return _KIND.match(kind) is not None


def check_kind(kind: str) -> str:
    """Return the kind. Raise ValueError if it is not a word of at most 20 lower-case letters."""
    if not is_kind(kind):
        raise ValueError(f"{kind!r} is not a kind of stored files")
    return kind
