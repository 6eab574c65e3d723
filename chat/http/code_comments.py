"""
Comments in JavaScript and CSS: remove them from the files that browsers load. Of the compressed bytes, comments are a
third in the modules and an eighth in the styles.

This is not a build step: the code stays as it is, line by line. Only comments that begin a line are removed, up to the
end of a line. The modules of the chat have no template literals over several lines, in which a line could begin like a
comment. A test checks that no code is lost.
"""

import re

_COMMENTS = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)


def is_stripped(name: str) -> bool:
    """
    Return whether browsers get a static file without its comments. `name` is its path, such as `chat/page.js`.

    Libraries of other projects stay as they are, with the comments that name their licences.
    """
    return name.startswith("chat/") and not name.startswith("chat/vendor/") and name.endswith((".js", ".css"))


def remove_comments(source: bytes) -> bytes:
    """Return the source of a module or of styles of the chat without its comments."""
    return _COMMENTS.sub("", source.decode()).encode()
