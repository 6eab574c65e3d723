"""
The site's own emoji: pictures that people write as `:name:`, and use as reactions.

A stored body contains only the name. The server makes the HTML of a message when somebody reads it, so adding or
deleting an emoji changes old messages too. This package writes CustomEmoji.
"""

from .changes import (
    add_emoji,
    add_imported_emoji,
    delete_emoji,
    find_picture,
    list_emoji,
    may_add,
    may_delete,
    read_picture,
)
from .drawing import check_exists, find_pictures, forget_emoji, make_address, render_body

__all__ = [
    "add_emoji",
    "add_imported_emoji",
    "check_exists",
    "delete_emoji",
    "find_picture",
    "find_pictures",
    "forget_emoji",
    "list_emoji",
    "make_address",
    "may_add",
    "may_delete",
    "read_picture",
    "render_body",
]
