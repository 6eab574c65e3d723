"""Names and types of uploaded files, which clients choose freely."""

import pytest

from chat.protocol import ChatError
from chat.services.uploads.names import MAX_NAME, UNKNOWN, check_type, clean_name, find_type

from .helpers import make_image

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("notes.txt", "notes.txt"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\alice\\plan.doc", "plan.doc"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie x.txt"),
        ("annual\u202efdp.exe", "annualfdp.exe"),
        ("a\u200b\u2066b.txt", "ab.txt"),
        ("null\0byte.txt", "nullbyte.txt"),
        ("  many   spaces .txt ", "many spaces .txt"),
        ('quote".txt', "quote.txt"),
        ("..", "file"),
        ("", "file"),
        ("\ud800.txt", "txt"),
        ("e\u0301te\u0301.txt", "été.txt"),
        ("日本語.pdf", "日本語.pdf"),
    ],
)
def test_a_name_has_no_folders_and_no_characters_that_deceive(name, clean):
    assert clean_name(name) == clean


def test_a_long_name_keeps_its_ending():
    assert clean_name("x" * 400 + ".tar.gz") == "x" * (MAX_NAME - 3) + ".gz"
    assert len(clean_name("x" * 400)) == MAX_NAME


@pytest.mark.parametrize(
    ("name", "start", "kind"),
    [
        ("a.html", make_image(), "image/png"),
        ("a", make_image("WEBP"), "image/webp"),
        ("a.png", b"<script>", UNKNOWN),
        ("a.jpeg", b"", UNKNOWN),
        ("a.svg", b"<svg>", "image/svg+xml"),
        ("a.PDF", b"%PDF", "application/pdf"),
        ("a.docx", b"PK", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.mp4", b"", "video/mp4"),
        ("README", b"", UNKNOWN),
        ("a.unknown", b"", UNKNOWN),
    ],
)
def test_the_type_of_a_picture_is_that_of_its_content_and_other_types_are_those_of_the_name(name, start, kind):
    assert find_type(name, start[:16]) == kind


def test_a_site_may_allow_only_some_types(settings):
    settings.CHAT_UPLOAD_TYPES = ("image/*", "application/pdf")
    check_type("image/png")
    check_type("application/pdf")
    with pytest.raises(ChatError, match=r"image/\*, application/pdf") as refused:
        check_type("video/mp4")
    assert refused.value.code == "unsupported_type"
