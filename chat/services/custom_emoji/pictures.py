"""
Pictures of emoji: an upload becomes a small WebP, still or animated.

Only the decoded pixels are kept: see chat/services/images.py. An animation is repeated only for about PLAY_MS,
because people cannot stop it. This module writes nothing.
"""

import io

from PIL import Image, ImageOps, ImageSequence

from chat.protocol import ChatError
from chat.services import images

MAX_UPLOAD = 1_000_000  # bytes; the interface accepts requests of about this size
MAX_BYTES = 128 * 1024  # of the result
SIZE = 128  # pixels; enough for the page, which draws an emoji in a line, or three times as large
SMALLER = 64
MAX_FRAMES = 100
SHORTEST_MS, LONGEST_MS = 20, 5000  # of one frame
PLAY_MS = 5000  # an animation is repeated for about this time
QUALITIES = (85, 60, 35)


def make_picture(content: bytes) -> bytes:
    """Return an image file as the WebP of an emoji. Raise `too_large`, or `invalid_field` if it is no image."""
    if len(content) > MAX_UPLOAD:
        raise ChatError(
            "too_large", "A picture may have at most %(most)s MB.", field="picture", most=MAX_UPLOAD // 1_000_000
        )
    try:
        frames, durations = _read_frames(content)
    except (images.TooManyPixels, images.TooManyScans):
        raise ChatError("too_large", "This picture has too many pixels or frames.", field="picture") from None
    except images.UnreadableImage:
        raise ChatError(
            "invalid_field",
            "This file is no picture that the server can read. Choose a PNG, JPEG, WebP or GIF file.",
            field="picture",
        ) from None
    for size in (SIZE, SMALLER):
        for quality in QUALITIES:
            webp = _encode(frames, durations, size, quality)
            if len(webp) <= MAX_BYTES:
                return webp
    raise ChatError("too_large", "This animation is too large. Choose one with fewer frames.", field="picture")


def _read_frames(content: bytes) -> tuple[list[Image.Image], list[int]]:
    """Return (the frames of an image, how many milliseconds each is shown)."""
    with images.opened_image(content) as image:
        count = getattr(image, "n_frames", 1)
        if count > MAX_FRAMES or image.width * image.height * count > images.MAX_PIXELS:
            raise images.TooManyPixels
        frames, durations = [], []
        for frame in ImageSequence.Iterator(image):
            frame.load()  # only a loaded frame of a WebP knows its duration
            duration = frame.info.get("duration") or 100
            upright = ImageOps.exif_transpose(frame).convert("RGBA")
            upright.thumbnail((SIZE, SIZE), Image.Resampling.LANCZOS)
            frames.append(upright)
            durations.append(int(min(max(duration, SHORTEST_MS), LONGEST_MS)))
        return frames, durations


def _encode(frames: list[Image.Image], durations: list[int], size: int, quality: int) -> bytes:
    shown = [_fit(frame, size) for frame in frames]
    if len(shown) == 1:
        return images.encode(shown[0], quality)
    webp = io.BytesIO()
    shown[0].save(
        webp,
        "WEBP",
        save_all=True,
        append_images=shown[1:],
        duration=durations,
        loop=max(1, PLAY_MS // sum(durations)),
        quality=quality,
    )
    return webp.getvalue()


def _fit(frame, size):
    copy = frame.copy()
    copy.thumbnail((size, size), Image.Resampling.LANCZOS)
    return copy
