"""The harness of uploaded pictures: those of people, and those of messages."""

import io
import warnings

from PIL import Image

from chat.protocol import ChatError
from chat.services.people.pictures import SIZE, make_square
from chat.services.uploads.encoding import FORMATS, THUMBNAIL, NoPicture, encode_picture


def check_picture(data):
    """A file becomes a small square picture, and a picture of a message, or it is refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of broken metadata
        _check_message_picture(data)
        try:
            webp = make_square(data)
        except ChatError as error:
            assert error.code in ("too_large", "invalid_field")
            return
    with Image.open(io.BytesIO(webp)) as image:
        assert (image.format, image.size) == ("WEBP", (SIZE, SIZE))
        assert not image.info.get("exif") and getattr(image, "n_frames", 1) == 1


def _check_message_picture(data):
    target = io.BytesIO()
    try:
        encoded = encode_picture(io.BytesIO(data), target)
    except NoPicture:
        return
    with Image.open(io.BytesIO(target.getvalue())) as image:
        assert image.format in FORMATS and image.size == (encoded.width, encoded.height)
        assert not image.info.get("exif") and not image.info.get("comment")
    with Image.open(io.BytesIO(encoded.thumbnail)) as image:
        assert image.format == "WEBP" and max(image.size) <= THUMBNAIL
