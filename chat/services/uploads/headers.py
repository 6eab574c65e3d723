"""
The size of a picture in pixels, read from its header without decoding its pixels. Width and height are those of the
picture as people see it, after a rotation that its metadata demands.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import IO

from PIL import Image

from chat.protocol import ChatError
from chat.services import files

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# A small file may contain a huge picture. Decoding one of this many pixels takes up to 2 s and 500 MB.
MAX_PIXELS = 25_000_000
# A JPEG is decoded at half of its size if it has more pixels than MAX_PIXELS. Phones make photos of 50 megapixels.
MAX_JPEG_PIXELS = 60_000_000
MAX_SIDE = 30_000
_ORIENTATION = 0x0112
_TURNED = (5, 6, 7, 8)


@contextmanager
def opened(stored: str) -> Iterator[IO[bytes]]:
    """Yield a temporary copy of a stored file on the disk, because Pillow needs a file with `seek`. Raise FileLost."""
    with tempfile.TemporaryFile() as copy:
        with closing(files.read(stored)) as parts:
            for part in parts:
                copy.write(part)
        copy.seek(0)
        yield copy


def read_size(stored: str) -> tuple[int, int] | None:
    """
    Return (width, height) of a stored picture, or None if it cannot be read.

    Raise `too_large` for a picture with more pixels than the site decodes, and FileLost if there is no such file.
    """
    with opened(stored) as content:
        try:
            with Image.open(content, formats=FORMATS) as image:
                check_pixels(image)
                width, height = image.size
                is_turned = image.format != "GIF" and image.getexif().get(_ORIENTATION) in _TURNED
        except Image.DecompressionBombError:
            raise make_pixels_error() from None
        except ChatError:
            raise
        except Exception:
            # Pillow raises many types of errors for broken files. Such a file is no picture.
            return None
    return (height, width) if is_turned else (width, height)


def check_pixels(image: Image.Image) -> None:
    """Raise `too_large` if a picture has too many pixels to be decoded."""
    most = MAX_JPEG_PIXELS if image.format == "JPEG" else MAX_PIXELS
    if image.width * image.height > most or max(image.size) > MAX_SIDE:
        raise make_pixels_error()


def make_pixels_error() -> ChatError:
    """Return the error for a picture with too many pixels."""
    return ChatError("too_large", "This picture has too many pixels. Make it smaller, or send it in a ZIP file.")
