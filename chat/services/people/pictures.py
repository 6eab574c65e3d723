"""
Pictures of people: the upload is decoded, cut to a square, and stored as WebP.

Only the decoded pixels are kept. So no other browser gets the uploaded file, which may contain metadata or an attack.
This module writes Picture, and changes the profile.
"""

import hashlib
import io

from PIL import Image, ImageOps

from chat.models import Person, Picture, Profile
from chat.protocol import ChatError

from .accounts import changing
from .profiles import check_may_have_profile, store_profile

MAX_BYTES = 1_000_000  # the interface accepts requests of about this size
# A small file may contain a huge picture. Decoding a WebP file of this many pixels takes up to 2 s and 500 MB.
MAX_PIXELS = 25_000_000
# A progressive JPEG improves the whole picture with each scan. Usual files have about ten. A scan needs 60 bytes, so a
# file of 1 MB could keep a worker busy for minutes.
MAX_SCANS = 100
START_OF_SCAN = b"\xff\xda"
SIZE = 256  # pixels, width and height: sharp at 128 CSS pixels on a screen with double density
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def set_picture(person: Person, content: bytes) -> Profile:
    """
    Store the picture of an account, from the bytes of an image file. Return the profile.

    Raise `forbidden` for a guest; `too_large` above MAX_BYTES, MAX_PIXELS or MAX_SCANS; `invalid_field` if the content
    is not a picture; `not_signed_in` if the account was deleted meanwhile.
    """
    check_may_have_profile(person)
    webp = make_square(content)
    digest = hashlib.sha256(webp).hexdigest()[:32]
    with changing(person):
        Picture.objects.update_or_create(person=person, defaults={"digest": digest, "content": webp})
        return store_profile(person, {"picture": digest})


def remove_picture(person: Person) -> Profile:
    """
    Delete the picture of a person, if there is one. Return the profile.

    Raise `not_signed_in` if the account was deleted meanwhile.
    """
    with changing(person):
        Picture.objects.filter(person=person).delete()
        return store_profile(person, {"picture": ""})


def find_picture(digest: str) -> bytes:
    """Return the picture with this digest as WebP. Raise `not_found` if there is none."""
    found = Picture.objects.filter(digest=digest).values_list("content", flat=True).first()
    if found is None:
        raise ChatError("not_found", "There is no such picture.")
    return bytes(found)


def make_square(content: bytes) -> bytes:
    """Return an image as a WebP of SIZE by SIZE pixels. Raise `too_large` or `invalid_field`: see `set_picture`."""
    if len(content) > MAX_BYTES:
        raise ChatError(
            "too_large", "A picture may have at most %(most)s MB.", field="picture", most=MAX_BYTES // 1_000_000
        )
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ChatError("too_large", "This picture has too many pixels.", field="picture")
            if image.format == "JPEG" and content.count(START_OF_SCAN) > MAX_SCANS:
                raise ChatError("too_large", "This picture has too many scans. Save it as a PNG.", field="picture")
            # A large JPEG is decoded at a fraction of its size: this takes a third of the time.
            image.draft("RGB", (2 * SIZE, 2 * SIZE))
            # A photo from a phone says in its metadata which side is up.
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except ChatError:
        raise
    except Exception:
        # Pillow raises many types of errors for broken files, and none of them says more to a person.
        raise ChatError(
            "invalid_field",
            "This file is no picture that the server can read. Choose a PNG, JPEG, WebP or GIF file.",
            field="picture",
        ) from None
    square = ImageOps.fit(upright, (SIZE, SIZE), Image.Resampling.LANCZOS)
    webp = io.BytesIO()
    square.save(webp, "WEBP", quality=85)
    return webp.getvalue()
