"""The harness of uploaded pictures."""

import io
import warnings

from PIL import Image

from chat.protocol import ChatError
from chat.services.people.pictures import SIZE, make_square


def check_picture(data):
    """A file becomes a small square picture, or it is refused."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of broken metadata
        try:
            webp = make_square(data)
        except ChatError as error:
            assert error.code in ("too_large", "invalid_field")
            return
    with Image.open(io.BytesIO(webp)) as image:
        assert (image.format, image.size) == ("WEBP", (SIZE, SIZE))
        assert not image.info.get("exif") and getattr(image, "n_frames", 1) == 1
