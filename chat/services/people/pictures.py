"""
Pictures of people: the upload is decoded, cut to a square, and stored as WebP.

Only the decoded pixels are kept. So no other browser gets the uploaded file, which may contain metadata or an attack.
This module writes Picture, and changes the profile.
"""

import hashlib

from PIL import Image, ImageOps

from chat.models import Person, Picture, Profile
from chat.protocol import ChatError
from chat.services import images

from .accounts import changing
from .profiles import check_may_have_profile, store_profile

MAX_BYTES = 1_000_000  # the interface accepts requests of about this size
SIZE = 256  # pixels, width and height: sharp at 128 CSS pixels on a screen with double density


def set_picture(person: Person, content: bytes) -> Profile:
    """
    Store the picture of an account, from the bytes of an image file. Return the profile.

    Raise:

    - `forbidden` for a guest;
    - `too_large` above MAX_BYTES, or above the limits of `images`;
    - `invalid_field` if the content is not a picture;
    - `not_signed_in` if the account was deleted meanwhile.
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
        upright = images.decode(content, 2 * SIZE)
    except images.TooManyPixels:
        raise ChatError("too_large", "This picture has too many pixels.", field="picture") from None
    except images.TooManyScans:
        raise ChatError("too_large", "This picture has too many scans. Save it as a PNG.", field="picture") from None
    except images.UnreadableImage:
        raise ChatError(
            "invalid_field",
            "This file is no picture that the server can read. Choose a PNG, JPEG, WebP or GIF file.",
            field="picture",
        ) from None
    return images.encode(ImageOps.fit(upright, (SIZE, SIZE), Image.Resampling.LANCZOS))
