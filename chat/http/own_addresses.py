"""
The check whether an address that a request contains leads to a page of this site.

Django's `is_safe_url` accepts addresses that `redirect` cannot send, such as a scheme with a line end in it, and then
the response is 500.
"""

import re

# Browsers remove tabs and line ends from an address, and read a backslash as a slash. So these characters would change
# the meaning of the characters around them.
_OWN = re.compile(r"/(?!/)[^\\\x00-\x20\x7f]*")


def is_own_address(address: str) -> bool:
    r"""Return whether an address is a path of this site: one slash, and then no blank, control character or `\`."""
    return _OWN.fullmatch(address) is not None
