"""Pictures: the job that removes the metadata and makes the thumbnail, hostile pictures, and jobs that are lost."""

import io
import struct
import zlib
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from chat.consumers import jobs
from chat.models import Upload
from chat.protocol import ChatError, Remove
from chat.services import files, rooms, uploads
from chat.services.uploads import encoding, processing
from tests import wire

from .helpers import (
    make_animation,
    make_image,
    make_photo,
    names_in_rows,
    names_in_store,
    post,
    read,
    upload,
    upload_picture,
)

pytestmark = pytest.mark.django_db(transaction=True)


def open_image(name):
    return Image.open(io.BytesIO(read(name)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_keeps_its_format_and_gets_a_thumbnail(member, kind):
    row = upload_picture(member, make_image(kind, (1000, 500)))
    assert (row.state, row.width, row.height, row.type) == (Upload.READY, 1000, 500, f"image/{kind.lower()}")
    stored, thumbnail = open_image(row.stored), open_image(row.thumbnail)
    assert (stored.format, stored.size) == (kind, (1000, 500))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (720, 360))
    assert len(read(row.stored)) == row.size and len(read(row.thumbnail)) == row.thumbnail_size
    assert names_in_store() == names_in_rows()


def test_a_photo_loses_its_metadata_and_stands_upright(member):
    photo = make_photo()
    assert b"secret place" in photo
    row = upload(member, "photo.jpg", photo)
    # The page reserves the place before the job has run.
    assert (row.width, row.height) == (20, 40)
    uploads.process_picture(row.id)
    row.refresh_from_db()
    assert (row.width, row.height) == open_image(row.stored).size == (20, 40)
    for name in (row.stored, row.thumbnail):
        assert b"secret" not in read(name) and not open_image(name).getexif()


def test_text_in_a_png_and_after_its_end_is_dropped(member):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "secret place")
    row = upload_picture(member, make_image(pnginfo=info) + b"<script>secret()</script>")
    assert b"secret" not in read(row.stored)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_short_animation_still_moves_and_a_long_one_becomes_its_first_frame(member, kind, monkeypatch):
    row = upload_picture(member, make_animation(kind))
    animation = open_image(row.stored)
    animation.load()
    assert (animation.n_frames, animation.info["duration"], animation.info["loop"]) == (3, 100, 0)
    monkeypatch.setattr(encoding, "MAX_FRAMES", 2)
    row = upload_picture(member, make_animation(kind))
    assert getattr(open_image(row.stored), "n_frames", 1) == 1


def test_a_comment_in_an_animation_is_dropped(member):
    content = io.BytesIO()
    pictures = [Image.new("P", (9, 9), number) for number in (0, 200)]
    pictures[0].save(content, "GIF", save_all=True, append_images=pictures[1:], comment=b"secret place")
    row = upload_picture(member, content.getvalue())
    assert b"secret" not in read(row.stored)


def test_a_posted_picture_is_published_again_when_its_thumbnail_is_ready(member, read_events):
    row = upload(member, "a.png", make_image())
    post(member, "r1", row)
    [first] = [event for event in read_events() if event["type"] == "message"]
    assert first["files"][0]["width"] == 40 and "thumbnail" not in first["files"][0]
    assert uploads.process_picture(row.id)
    [second] = [event for event in read_events() if event["type"] == "message"]
    assert (second["id"], second["offset"]) == (1, 2)
    assert second["files"][0]["thumbnail"] == f"/api/files/{row.key}/thumbnail/"


def test_a_worker_runs_the_job_of_an_uploaded_picture(member, monkeypatch):
    row = upload(member, "a.png", make_image())
    wire.work()
    row.refresh_from_db()
    assert row.state == Upload.READY and jobs.process_picture is not None


def test_a_job_that_runs_twice_changes_nothing_the_second_time(member):
    row = upload_picture(member)
    assert not uploads.process_picture(row.id)
    assert names_in_store() == names_in_rows()


def test_a_job_whose_file_was_deleted_meanwhile_leaves_nothing(member, monkeypatch):
    row = upload(member, "a.png", make_image())
    post(member, "r1", row)
    encode = processing.encode_picture

    def remove_and_encode(*arguments):
        rooms.remove_message(member, Remove("r2", 1))
        return encode(*arguments)

    monkeypatch.setattr(processing, "encode_picture", remove_and_encode)
    assert not uploads.process_picture(row.id)
    assert names_in_store() == set()


def test_a_lost_job_is_started_again_and_given_up_after_several_tries(member):
    row = upload(member, "a.png", make_image())
    wire.layer().flush()
    long_ago = timezone.now() - timedelta(minutes=5)
    Upload.objects.update(created_at=long_ago)
    assert uploads.sweep_uploads() == 1
    wire.work()
    row.refresh_from_db()
    assert row.state == Upload.READY
    Upload.objects.update(state=Upload.WAITING, claimed_at=long_ago, tries=processing.MAX_TRIES)
    assert uploads.sweep_uploads() == 1
    row.refresh_from_db()
    assert (row.state, row.width, row.type) == (Upload.FAILED, None, "application/octet-stream")


def test_a_picture_that_cannot_be_decoded_becomes_an_ordinary_file(member, read_events):
    broken = make_image("JPEG", (300, 300))[:-400]
    row = upload(member, "a.jpg", broken)
    post(member, "r1", row)
    assert uploads.process_picture(row.id)
    row.refresh_from_db()
    assert row.state == Upload.FAILED and not row.is_picture
    last = [event for event in read_events() if event["type"] == "message"][-1]
    assert last["files"][0]["type"] == "application/octet-stream" and "width" not in last["files"][0]


def make_png_header(width, height):
    """Return a PNG whose header names this size, although the file has no pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(20_000, 20_000), (100_000, 100_000), (2_000_000, 2), (5001, 5000)])
def test_a_bomb_is_refused_before_it_is_decoded(member, size):
    with pytest.raises(ChatError) as refused:
        upload(member, "bomb.png", make_png_header(*size))
    assert refused.value.code == "too_large" and names_in_store() == set()


def test_a_jpeg_with_very_many_scans_is_not_decoded(member, monkeypatch):
    photo = make_image("JPEG", progressive=True)
    assert photo.count(b"\xff\xda") > 2
    monkeypatch.setattr(encoding, "MAX_SCANS", 2)
    row = upload(member, "a.jpg", photo)
    uploads.process_picture(row.id)
    row.refresh_from_db()
    assert row.state == Upload.FAILED


def test_a_large_photo_is_decoded_at_half_of_its_size(member, monkeypatch):
    for module in ("headers", "encoding"):
        monkeypatch.setattr(f"chat.services.uploads.{module}.MAX_PIXELS", 10_000)
    row = upload_picture(member, make_image("JPEG", (400, 200)), "photo.jpg")
    assert (row.width, row.height) == open_image(row.stored).size == (200, 100)


def test_a_picture_with_a_script_in_it_loses_the_script(member):
    """A file may be a valid GIF and a valid script at once: `GIF89a/*` begins a comment of JavaScript."""
    content = make_image("GIF")
    polyglot = content[:-1] + b"\x21\xfe\x1b*/=1;alert(document.cookie)//\x00;"
    row = upload_picture(member, polyglot, "a.js")
    assert row.type == "image/gif" and b"alert" not in read(row.stored)


def test_a_picture_in_other_colours_is_converted(member):
    row = upload_picture(member, make_image("JPEG", mode="CMYK"), "a.jpg")
    assert open_image(row.stored).mode == "RGB"
    row = upload_picture(member, make_image("PNG", mode="RGBA"))
    assert open_image(row.stored).mode == open_image(row.thumbnail).mode == "RGBA"


def test_a_missing_file_ends_the_job(member, caplog):
    row = upload(member, "a.png", make_image())
    files.delete(row.stored)
    assert uploads.process_picture(row.id)
    assert Upload.objects.get().state == Upload.FAILED and "is missing" in caplog.text


def test_a_full_disk_does_not_use_up_the_tries_of_a_picture(member, monkeypatch):
    row = upload(member, "a.png", make_image())

    def refuse(name, parts, most_bytes):
        raise files.NoSpace(name)

    with monkeypatch.context() as full:
        full.setattr(files, "write", refuse)
        for _ in range(processing.MAX_TRIES + 1):
            with pytest.raises(files.NoSpace):
                uploads.process_picture(row.id)
            Upload.objects.update(claimed_at=None)
    assert uploads.process_picture(row.id)
    row.refresh_from_db()
    assert row.state == Upload.READY
