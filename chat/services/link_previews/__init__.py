"""
Link previews: the title, the description and the image of the pages to which a message links.

An operator switches them on (CHAT_LINK_PREVIEWS). A worker for tasks fetches each page after the message was posted.
Then the message gets a new offset, but does not count as edited. Browsers load nothing from other sites: this site
stores the image as a new file, and only people who may read the room get it.

The request for a page tells its site that somebody has posted the link, even in a private room. docs/operations.md says
this.

This package writes Preview and LinkPreview, and messages through `rooms`.
"""

from .hiding import hide_preview, read_image
from .job import make_previews, sweep_previews

__all__ = ["hide_preview", "make_previews", "read_image", "sweep_previews"]
