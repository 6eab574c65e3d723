"""Helpers for the tests of uploads: contents of files, uploads, and posts with files."""

import io

from PIL import Image

from chat.models import Upload
from chat.protocol import Post
from chat.services import files, rooms, uploads


def make_image(kind="PNG", size=(40, 20), mode="RGB", **options):
    """Return the bytes of a picture."""
    content = io.BytesIO()
    Image.new(mode, size, "teal" if mode == "RGB" else None).save(content, kind, **options)
    return content.getvalue()


def make_photo(orientation=6, place=b"secret place"):
    """Return the bytes of a JPEG whose metadata says where it was taken, and which side is up."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, place.decode()
    return make_image("JPEG", exif=exif.tobytes(), comment=place)


def make_animation(kind="GIF", frames=3, size=(20, 10)):
    """Return the bytes of an animation."""
    pictures = [Image.new("RGB", size, (40 * number, 90, 10)) for number in range(frames)]
    content = io.BytesIO()
    pictures[0].save(content, kind, save_all=True, append_images=pictures[1:], duration=100, loop=0)
    return content.getvalue()


def upload(member, name="notes.txt", content=b"Hello"):
    """Upload a file, and return its row."""
    return uploads.store_upload(member, name, [content])


def upload_picture(member, content=None, name="photo.png"):
    """Upload a picture, run its job, and return its row."""
    row = upload(member, name, make_image() if content is None else content)
    assert row.state == Upload.WAITING and uploads.process_picture(row.id)
    row.refresh_from_db()
    return row


def post(member, ref, *rows, body="", **fields):
    """Post a message with files, and return its `ack`."""
    return rooms.post_message(member, Post(ref, body, files=tuple(row.key for row in rows), **fields)).ack


def read(name):
    """Return the bytes of a stored file."""
    return b"".join(files.read(name))


def names_in_store():
    """Return the names of all files in the store that belong to uploads."""
    from chat.services.files.stores import find_stores

    return {info.name for store in find_stores() for info in store.find("uploads")}


def names_in_rows():
    """Return the names of all files that rows of uploads have."""
    return {name for row in Upload.objects.all() for name in (row.stored, row.thumbnail) if name}
