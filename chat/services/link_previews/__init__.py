"""
Link previews: the title, the description and the image of the pages to which a message links.

An operator switches them on (CHAT_LINK_PREVIEWS). A worker for tasks fetches each page after the message was posted.
The message then changes: it takes a new offset, but does not count as edited. Browsers load nothing from other sites:
the image is stored here as a new file, and only people who may read the room get it.

Fetching a page tells its site that somebody has posted the link, also from a private room. docs/operations.md says so.

This package writes Preview and LinkPreview, and messages through `rooms`.
"""

from .hiding import hide_preview, read_image
from .job import make_previews, sweep_previews

__all__ = ["hide_preview", "make_previews", "read_image", "sweep_previews"]
