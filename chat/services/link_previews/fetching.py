"""
Fetch a page that a message links to, and keep what the page says about itself.

The result is kept for some time, even if there is nothing to show. So a page that many messages link to is fetched
once. `budgets` limits how many pages the server fetches: for a person, for a room, for a host, and in total.

This module does not read robots.txt: a person asks for the page, and the server follows none of its links. This module
writes Preview, and the files of the images. It decides nothing about messages.
"""

import hashlib
import logging
from datetime import timedelta
from urllib.parse import urlsplit

from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from PIL import Image

from channels_transport import count, describe_counter
from chat.models import Preview
from chat.protocol import ChatError
from chat.services import budgets, files, images, outgoing

from .documents import Page, read_page

logger = logging.getLogger(__name__)
describe_counter("link_previews", "Links for which a worker needed a preview, by what it found", "outcome")

KIND = "previews"  # of the stored files
KEEP, KEEP_FAILURE = timedelta(days=1), timedelta(hours=1)
SECONDS = 5.0  # for a page, and again for its image
MAX_REDIRECTS = 4
MAX_PAGE_BYTES = 256 * 1024  # the head of a page is at its beginning
MAX_IMAGE_BYTES = 4 * 1024 * 1024
MIN_SIZE, MAX_SIZE = 32, 320  # pixels: the chat shows at most half of them, for screens with double density
MAX_RATIO = 8  # of the sides: a line or a stripe does not show what the page is about
HTML_TYPES = ("text/html", "application/xhtml+xml")
# The outcomes for a link, as labels of the metric.
CACHED, FOUND, NOTHING, FAILED, REFUSED, LIMITED = "cached", "found", "nothing", "failed", "refused", "limited"


def digest_address(url: str) -> str:
    """Return the digest under which Preview stores a page: 64 hex digits of its address."""
    return hashlib.sha256(url.encode()).hexdigest()


def get_preview(url: str, person_id: int, room_id: int) -> Preview | None:
    """
    Return what the page at an address says about itself, from an earlier request or from a new one.

    `url` is an address of http or https. A new request counts against all budgets of link previews. Return None if
    there is nothing to show, or if one of the budgets is used up.
    """
    digest = digest_address(url)
    kept = Preview.objects.filter(digest=digest, expires_at__gt=timezone.now()).order_by("-id").first()
    if kept is not None:
        _count(CACHED)
        return kept if kept.is_found else None
    try:
        _check_budgets(url, person_id, room_id)
    except ChatError:
        _count(LIMITED)
        return None
    page, outcome = _fetch_page(url)
    _count(outcome)
    if page is None:
        Preview.objects.create(digest=digest, expires_at=timezone.now() + KEEP_FAILURE)
        return None
    return _store(digest, page)


def _count(outcome):
    count("link_previews", (outcome,))


def _check_budgets(url: str, person_id: int, room_id: int) -> None:
    host = (urlsplit(url).hostname or "").rstrip(".")
    budgets.check_each(
        ("link_previews", person_id),
        ("link_previews_in_room", room_id),
        ("link_previews_of_host", hashlib.sha256(host.encode()).hexdigest()[:32]),
    )


def _fetch_page(url: str) -> tuple[Page | None, str]:
    """Return (what the page says, the outcome)."""
    try:
        response = outgoing.send(
            "GET",
            url,
            SECONDS,
            MAX_PAGE_BYTES,
            headers={"Accept": "text/html,application/xhtml+xml;q=0.9"},
            most_redirects=MAX_REDIRECTS,
        )
    except outgoing.AddressRefused:
        return None, REFUSED
    except outgoing.OutgoingError:
        return None, FAILED
    content_type = response.headers.get("Content-Type", "")
    if content_type.partition(";")[0].strip().lower() not in HTML_TYPES or not _is_usable(response):
        return None, NOTHING
    page = read_page(response.content, content_type, response.url)
    return page, FOUND if page else NOTHING


def _is_usable(response) -> bool:
    # The request accepts no compression. If a server compresses anyway, its small body could be huge in memory.
    return response.status_code == 200 and response.headers.get("Content-Encoding", "identity") == "identity"


def _store(digest: str, page: Page) -> Preview:
    preview = Preview(digest=digest, is_found=True, title=page.title, description=page.description, site=page.site)
    image = _fetch_image(page.image) if page.image else None
    if image is not None:
        preview.image, preview.width, preview.height = files.make_name(KIND), image.width, image.height
    # The row comes before its file: see chat/services/files. Nobody uses the row before it has `expires_at`.
    preview.save()
    if image is not None:
        _write_file(preview, images.encode(image, quality=80))
    preview.expires_at = timezone.now() + KEEP
    preview.save()
    return preview


def _fetch_image(url: str) -> Image.Image | None:
    """Return the image at an address, at most MAX_SIZE wide and high, or None."""
    try:
        response = outgoing.send(
            "GET",
            url,
            SECONDS,
            MAX_IMAGE_BYTES + 1,
            headers={"Accept": "image/webp,image/png,image/jpeg,image/gif"},
            most_redirects=MAX_REDIRECTS,
        )
        if not _is_usable(response) or len(response.content) > MAX_IMAGE_BYTES:
            return None
        image = images.decode(response.content, MAX_SIZE)
    except (outgoing.OutgoingError, images.UnreadableImage, images.TooManyPixels, images.TooManyScans):
        return None
    if min(image.size) < MIN_SIZE or max(image.size) > MAX_RATIO * min(image.size):
        return None
    image.thumbnail((MAX_SIZE, MAX_SIZE), Image.Resampling.LANCZOS)
    return image


def _write_file(preview: Preview, content: bytes) -> None:
    try:
        files.write(preview.image, [content])
    except (files.NoSpace, files.FileLost):
        logger.warning("The image of a link preview could not be stored")
        preview.image, preview.width, preview.height = "", None, None


@receiver(post_delete, sender=Preview, dispatch_uid="chat.delete_image_of_preview")
def _delete_image(instance: Preview, **kwargs: object) -> None:
    if instance.image:
        files.delete_after_commit(instance.image)


def _find_used(names: list[str]) -> list[str]:
    return list(Preview.objects.filter(image__in=names).values_list("image", flat=True))


files.register_owner(KIND, _find_used)
