"""The title, the description and the image of a page are read from its head, as plain text, in linear time."""

import time

import pytest

from chat.services.link_previews.documents import Page, read_page

ADDRESS = "https://flowers.example/roses/"


def read(head, content_type="text/html; charset=utf-8", encoding="utf-8"):
    return read_page(f"<html><head>{head}</head>".encode(encoding), content_type, ADDRESS)


def test_the_title_alone_is_enough():
    assert read("<TITLE lang=en>\n Roses &amp;\n weeds </TITLE>") == Page("Roses & weeds")


def test_references_to_characters_that_do_not_exist_are_no_error():
    reference = "&#" + "9" * 5000 + ";"
    meta = f'<meta name=description content="Red{reference}">'
    assert read(f"<title>&#000082;oses{reference}</title>{meta}") == Page("Roses\ufffd", "Red\ufffd")


def test_a_page_without_a_title_has_no_preview():
    assert read('<meta name="description" content="Nothing">') is None
    assert read("<title> \u200e</title>") is None


def test_names_of_opengraph_come_before_those_of_twitter_and_the_title():
    head = """
      <title>t</title><meta name="twitter:title" content="tw"><meta property="og:title" content="og">
      <meta name='description' content='d'><meta property=og:description content=&quot;o&quot;>
      <meta property="og:site_name" content="Flowers"><meta content="../rose.png" property="og:image"/>"""
    assert read(head) == Page("og", '"o"', "Flowers", "https://flowers.example/rose.png")


@pytest.mark.parametrize("image", ["data:image/png;base64,xx", "javascript:alert(1)", "file:///etc/passwd", "http://["])
def test_an_image_has_an_address_of_http(image):
    assert read(f'<title>t</title><meta property="og:image" content="{image}">').image == ""


def test_scripts_comments_and_the_body_are_not_read():
    head = "<script>'<title>x</title>'</script><!-- <title>y</title> --><style><title>z</title></style><title>t</title>"
    assert read(head) == Page("t")
    assert read("<body><title>late</title>") is None


def test_texts_are_cut_off_and_have_no_invisible_characters():
    page = read(f'<title>\u202e{"a" * 500}</title><meta name="description" content="b\x07{"c" * 500}">')
    assert page.title == "a" * 149 + "…" and len(page.description) == 300 and page.description.startswith("bc")


def test_an_emoji_of_several_parts_stays_whole():
    assert read("<title>👩‍👩‍👧 Family</title>").title == "👩‍👩‍👧 Family"


@pytest.mark.parametrize(
    ("content_type", "meta", "encoding"),
    [
        ("text/html; charset=ISO-8859-1", "", "latin-1"),
        ("text/html", '<meta charset="windows-1252">', "cp1252"),
        ("text/html", "<meta http-equiv=content-type content='text/html; charset=iso-8859-15'>", "iso8859-15"),
        ("text/html", "", "utf-8"),
        ("text/html", "", "cp1252"),
        ("text/html; charset=unknown", "", "utf-8"),
        ("text/html; charset=utf-7", "", "utf-8"),
        ("text/html; charset=rot13", "", "utf-8"),
        ("text/html", "", "utf-16"),
    ],
)
def test_the_encoding_is_found(content_type, meta, encoding):
    assert read(f"{meta}<title>Müßig, größer, schön</title>", content_type, encoding).title == "Müßig, größer, schön"


def test_japanese_encodings_are_found():
    assert read("<title>薔薇</title>", "text/html; charset=Shift_JIS", "shift_jis").title == "薔薇"
    assert read("<title>薔薇</title>", "text/html; charset=EUC-JP", "euc_jp").title == "薔薇"


@pytest.mark.parametrize(
    "part",
    ["<", "<!", "<!--", "<a ", '<a "', "<a b='", '<a b="x', "<meta", "</title", "<title>", "&", "&#", "<a =", " "]
    + ["<svg>", "<meta a=b ", "<script>", "charset=", "\x00", "'\"", "<a\n", "-->"],
)
def test_hostile_documents_take_little_time(part):
    before = time.monotonic()
    read(part * (256 * 1024 // len(part)))
    assert time.monotonic() - before < 2
