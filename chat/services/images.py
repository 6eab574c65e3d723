"""
Images from outside: they are decoded within limits, and stored only as new files made of their pixels.

So nobody gets a file that somebody else made, which may contain metadata or an attack. This module writes no rows and
no files.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageOps

# A small file may contain a huge picture. Decoding a WebP file of this many pixels takes up to 2 s and 500 MB.
MAX_PIXELS = 25_000_000
# A progressive JPEG improves the whole picture with each scan. Usual files have about ten. A scan needs 60 bytes, so a
# file of 1 MB could keep a worker busy for minutes.
MAX_SCANS = 100
START_OF_SCAN = b"\xff\xda"
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


class UnreadableImage(Exception):
    """The content is not an image of FORMATS, or it is damaged."""


class TooManyPixels(Exception):
    """The image has more than MAX_PIXELS pixels."""


class TooManyScans(Exception):
    """The image is a JPEG with more than MAX_SCANS scans."""


@contextmanager
def opened_image(content: bytes) -> Iterator[Image.Image]:
    """
    Open an image, and close it after the block. Its pixels are decoded when the block needs them.

    Raise UnreadableImage, also for every error of the block that is not one of this module's. Raise TooManyPixels and
    TooManyScans before anything is decoded.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise TooManyPixels
            if image.format == "JPEG" and content.count(START_OF_SCAN) > MAX_SCANS:
                raise TooManyScans
            yield image
    except (TooManyPixels, TooManyScans):
        raise
    except Exception as error:
        # Pillow raises many types of errors for broken files. The differences do not help a person.
        raise UnreadableImage from error


def decode(content: bytes, size: int) -> Image.Image:
    """
    Return an image upright, as RGBA, and at least `size` pixels wide and high if the original is that large.

    Raise UnreadableImage, TooManyPixels or TooManyScans.
    """
    with opened_image(content) as image:
        # A large JPEG is decoded at a fraction of its size: this takes a third of the time.
        image.draft("RGB", (size, size))
        # A photo from a phone says in its metadata which side is up.
        return ImageOps.exif_transpose(image).convert("RGBA")


def encode(image: Image.Image, quality: int = 85) -> bytes:
    """Return an image as WebP, without metadata."""
    webp = io.BytesIO()
    image.save(webp, "WEBP", quality=quality)
    return webp.getvalue()
