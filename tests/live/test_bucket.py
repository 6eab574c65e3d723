"""A site whose files are in a bucket of Swift: uploads, downloads from the site and from the bucket, and doctor."""

import io
import os

import pytest
from PIL import Image

from tests.live.client import Person
from tests.live.doctor import doctor
from tests.live.processes import Site, wait_until

pytestmark = [pytest.mark.long, pytest.mark.process, pytest.mark.live, pytest.mark.no_database]

BUCKET = "site-files"


@pytest.fixture(scope="module")
def site(swift):
    swift.make_bucket(BUCKET)
    bucket = {"CHAT_FILES": f"s3://{BUCKET}/chat", "CHAT_S3_REDIRECT": "on", **swift.variables, **swift.keys}
    site = Site(CHAT_LIMITS="off", **bucket)
    try:
        yield site.start()
    finally:
        site.stop()


@pytest.fixture(scope="module")
def olga(site):
    person = Person(site, "Olga", "correct-horse-battery")
    person.room = person.make_room()
    return person


def upload(person, name, content, status=201):
    headers = {"X-CSRFToken": person.http.cookies["csrftoken"]}
    address = f"{person.site.url}/api/rooms/{person.room}/files/"
    sent = person.http.post(address, files={"file": (name, content)}, headers=headers, timeout=120)
    assert sent.status_code == status, sent.text
    return sent.json()


def download(person, file, name="x", **headers):
    return person.http.get(f"{person.site.url}/api/files/{file['id']}/{name}", headers=headers, timeout=120)


def make_picture():
    content = io.BytesIO()
    Image.effect_noise((900, 600), 50).save(content, "PNG")
    return content.getvalue()


def test_files_go_through_the_bucket(site, olga, swift):
    with site.without_tracebacks():
        large = os.urandom(20_000_000)  # three parts
        report, empty = upload(olga, "grün.pdf", large), upload(olga, "notes.txt", b"x")
        picture = upload(olga, "photo.png", make_picture())
        posted = olga.post(olga.room, "Look", files=[file["id"] for file in (report, empty, picture)])
        assert posted.status_code == 201, posted.text

        sent = download(olga, report)
        assert sent.content == large and sent.url.startswith(f"{swift.url}/{BUCKET}/chat/uploads/")
        assert [answer.status_code for answer in sent.history] == [302]
        assert sent.headers["Content-Type"] == "application/pdf"
        assert sent.headers["Content-Disposition"].startswith("attachment;")
        assert sent.headers["Content-Disposition"].endswith("filename*=UTF-8''gr%C3%BCn.pdf")
        part = download(olga, report, Range="bytes=8388600-8388619")
        assert (part.status_code, part.content) == (206, large[8388600:8388620])

        wait_until(lambda: download(olga, picture).status_code == 200, 30, "the picture")
        shown = download(olga, picture)
        assert not shown.history and Image.open(io.BytesIO(shown.content)).size == (900, 600)
        part = download(olga, picture, Range="bytes=100-199")
        assert (part.status_code, part.content) == (206, shown.content[100:200])
        small = download(olga, picture, "thumbnail/")
        assert not small.history and Image.open(io.BytesIO(small.content)).format == "WEBP"


def test_a_deleted_file_leaves_nothing_in_the_bucket(olga, swift):
    def find_objects():
        return [swift.list(name) for name in (BUCKET, f"{BUCKET}+segments")]  # Swift stores parts in a second bucket

    before = find_objects()
    large, picture = upload(olga, "large.bin", os.urandom(9_000_000)), upload(olga, "photo.png", make_picture())
    wait_until(lambda: download(olga, picture).status_code == 200, 30, "the picture")
    assert len(find_objects()[0]) == len(before[0]) + 3, "the picture has a thumbnail"
    for file in (large, picture):
        olga.call("DELETE", f"/api/files/{file['id']}/")
    wait_until(lambda: find_objects() == before, 30, "the deletion")


def test_people_see_a_sentence_if_a_bucket_does_not_work(olga, swift):
    file = upload(olga, "photo.png", make_picture())
    wait_until(lambda: download(olga, file).status_code == 200, 30, "the picture")
    swift.parts["object"].kill()
    try:
        assert upload(olga, "notes.txt", b"x", 503)["code"] == "unavailable"
        assert upload(olga, "large.bin", os.urandom(9_000_000), 503)["code"] == "unavailable"
        refused = download(olga, file)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    finally:
        swift.start()
    assert download(olga, file).status_code == 200
    upload(olga, "notes.txt", b"x")


def test_doctor_finds_the_mistakes_of_a_bucket(site):
    assert "files" not in doctor(site)[1]
    for name, value, sentence in (
        ("CHAT_FILES", "s3://other-files", "no bucket other-files"),
        ("AWS_SECRET_ACCESS_KEY", "wrong", "refuses the keys (SignatureDoesNotMatch)"),
        ("AWS_ACCESS_KEY_ID", "nobody", "refuses the keys"),
        ("AWS_DEFAULT_REGION", "eu-central-1", "in another region"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "cannot be reached"),
    ):
        assert sentence in doctor(site, **{name: value})[1]["files"]
