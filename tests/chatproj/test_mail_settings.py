"""EMAIL_URL and EMAIL_FROM: what they may contain, and how a wrong value is reported without its password."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatproj import environment

pytestmark = pytest.mark.no_database


def read(name, text):
    return environment.read(name, {name: text})


@pytest.mark.parametrize(
    "url, expected",
    [
        ("smtp://mail.example.com", ("mail.example.com", 587, "", "", "starttls", None)),
        ("smtps://a:b@mail.example.com", ("mail.example.com", 465, "a", "b", "implicit", None)),
        ("smtp://a%40b:p%2F%23%3A@h:25/?tls=none", ("h", 25, "a@b", "p/#:", "none", None)),
        ("smtp://[::1]:2525?tls=starttls", ("::1", 2525, "", "", "starttls", None)),
    ],
)
def test_the_url_of_a_mail_server_is_read(url, expected):
    assert tuple(read("EMAIL_URL", url)) == expected


@pytest.mark.parametrize(
    "url, reason",
    [
        ("mail.example.com:587", "another scheme"),
        ("http://me:hunter2@mail.example.com", "another scheme"),
        ("smtp://", "it names no host"),
        ("smtp://me:hunter2@mail example.com", "a space"),
        ("smtp://me:hunter2@mail.example.com:port", "its port is not a number"),
        ("smtp://me:hunter2@mail.example.com:0", "its port is not a number"),
        ("smtp://me:hunter2/x@mail.example.com", "percent-encode"),
        ("smtp://me:x@mail.example.com/hunter2", "percent-encode"),
        ("smtp://me:x@mail.example.com#hunter2", "percent-encode"),
        ("smtp://me:hunter2@[mail", "its host cannot be read"),
        ("smtp://me:hunter2@mail.example.com?tls=maybe", "tls is neither starttls nor none"),
        ("smtps://me:hunter2@mail.example.com?tls=none", "only smtp:// may have tls"),
        ("smtp://me:hunter2@mail.example.com?timeout=5", "tls and ssl_ca_certs only"),
        ("smtp://me:hunter2@mail.example.com?ssl_ca_certs=/nowhere", "there is no file"),
    ],
)
def test_a_wrong_url_is_explained_without_its_password(url, reason):
    with pytest.raises(ImproperlyConfigured) as error:
        read("EMAIL_URL", url)
    assert str(error.value).startswith("EMAIL_URL must be like smtp://user:password@") and reason in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("sender", ["chat@example.com", "Chat <chat@example.com>", "chat+1@localhost"])
def test_a_sender_is_an_address_with_or_without_a_name(sender):
    assert read("EMAIL_FROM", f" {sender} ") == sender


@pytest.mark.parametrize(
    "sender",
    [
        "Chat",
        "@",
        "a@",
        "a b@example.com",
        "a@example.com, b@example.com",
        "a@example.com\nBcc: b@example.com",
        "ä@b.c",
    ],
)
def test_another_sender_is_refused(sender):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_FROM must be an address"):
        read("EMAIL_FROM", sender)
