"""
Encode a picture again: only its pixels are kept. Metadata, such as the place of a photo, and everything else in the
file are dropped. This module reads no rows and no stored files.
"""

import io
from dataclasses import dataclass
from typing import IO, Any

from PIL import Image, ImageCms, ImageOps

from .headers import FORMATS, MAX_PIXELS, check_pixels

THUMBNAIL = 720  # pixels of the longer side
THUMBNAIL_TYPE = "image/webp"
# An animation is kept if it has at most this many frames, and this many pixels in all frames together. Otherwise its
# first frame is kept. The encoder of a GIF holds all frames in memory.
MAX_FRAMES = 500
MAX_ANIMATED_PIXELS = 50_000_000
# A progressive JPEG improves the whole picture with each scan. Usual files have about ten. A scan needs 60 bytes, so a
# small file could keep a worker busy for minutes.
MAX_SCANS = 100
_START_OF_SCAN = b"\xff\xda"
# What the encoders need of `Image.info`. Everything else in it is metadata.
_NEEDED = ("transparency", "duration", "loop", "disposal", "background", "default_image")
_OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 88, "progressive": True},
    "PNG": {"icc_profile": None},
    "WEBP": {"quality": 88},
    "GIF": {"comment": b""},
}


class NoPicture(Exception):
    """The content cannot be decoded as a picture, or the picture is too large."""


@dataclass(frozen=True)
class Encoded:
    """
    The result of `encode_picture`, besides the bytes in its target.

    `width` and `height` are the size of the picture in pixels. `thumbnail` has the bytes of a small WebP.
    """

    width: int
    height: int
    thumbnail: bytes


def encode_picture(source: IO[bytes], target: IO[bytes]) -> Encoded:
    """
    Write the picture in `source` again into `target`, in the same format and without metadata.

    Raise NoPicture if the picture cannot be decoded, or has too many pixels or scans.
    """
    try:
        if _count_scans(source) > MAX_SCANS:
            raise NoPicture("too many scans")
        source.seek(0)
        with Image.open(source, formats=FORMATS) as image:
            check_pixels(image)
            return _encode(image, source, target)
    except MemoryError:
        raise
    except Exception as error:
        # Pillow raises many types of errors for broken files.
        raise NoPicture(str(error)) from error


def _count_scans(source: IO[bytes]) -> int:
    """Return the number of scans of a JPEG, and 0 for other files."""
    if source.read(2) != b"\xff\xd8":
        return 0
    count, end = 0, b""
    while part := source.read(1_000_000):
        # A marker may begin in one part and end in the next one.
        count += (end + part).count(_START_OF_SCAN)
        end = part[-1:]
    return count


def _encode(image: Image.Image, source: IO[bytes], target: IO[bytes]) -> Encoded:
    kind = str(image.format)
    if kind != "JPEG" and _has_short_animation(image):
        return _encode_animation(image, target, kind)
    if image.width * image.height > MAX_PIXELS:
        image.draft("RGB", (image.width // 2, image.height // 2))
    is_lossless = kind == "WEBP" and _is_lossless(source)
    image.load()
    still = _convert_colours(ImageOps.exif_transpose(image))
    _drop_metadata(still)
    if kind == "JPEG" and still.mode not in ("RGB", "L"):
        still = still.convert("RGB")
    options = {**_OPTIONS[kind], "lossless": True} if is_lossless else _OPTIONS[kind]
    still.save(target, kind, **options)
    return Encoded(*still.size, _make_thumbnail(still))


def _encode_animation(image: Image.Image, target: IO[bytes], kind: str) -> Encoded:
    loop = image.info.get("loop")
    image.seek(0)
    thumbnail = _make_thumbnail(image)
    _drop_metadata(image)
    options = dict(_OPTIONS[kind])
    if loop is not None:
        options["loop"] = loop
    if kind == "WEBP":
        # The other encoders read the durations of the frames themselves.
        options["duration"] = [_read_duration(image, number) for number in range(image.n_frames)]  # type: ignore
    image.save(target, kind, save_all=True, **options)
    return Encoded(*image.size, thumbnail)


def _read_duration(image: Image.Image, number: int) -> int:
    image.seek(number)
    image.load()
    return image.info.get("duration", 0)


def _has_short_animation(image: Image.Image) -> bool:
    if not getattr(image, "is_animated", False):
        return False
    most = min(MAX_FRAMES, MAX_ANIMATED_PIXELS // max(1, image.width * image.height))
    try:
        # A GIF does not say how many frames it has. Counting the frames of a hostile GIF could take minutes.
        image.seek(most)
    except EOFError:
        return True
    finally:
        image.seek(0)
    return False


def _is_lossless(source: IO[bytes]) -> bool:
    """Return whether a WebP is lossless, as screenshots are: it has a chunk `VP8L`. Pillow has read the whole file."""
    source.seek(0)
    return b"VP8L" in source.read(4096)


def _convert_colours(image: Image.Image) -> Image.Image:
    """Return the picture in the colours of sRGB, because its own profile is dropped."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    try:
        wanted = "RGBA" if image.mode == "RGBA" else "RGB"
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        found = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode=wanted)
        return image if found is None else found
    except ImageCms.PyCMSError:
        return image


def _drop_metadata(image: Image.Image) -> None:
    image.info = {name: value for name, value in image.info.items() if name in _NEEDED}


def _make_thumbnail(image: Image.Image) -> bytes:
    has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    small = image.convert("RGBA" if has_alpha else "RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    _drop_metadata(small)
    content = io.BytesIO()
    small.save(content, "WEBP", quality=80)
    return content.getvalue()
