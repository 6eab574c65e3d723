"""Pushes: their encryption as in RFC 8291, their signature and size, and the waiting time that a service asks for."""

import io
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from django.core.management import call_command

from chat.services.push import delivery, encryption, identity, make_key_pair
from chatproj import environment
from tests.push_service import KEY, PushBrowser, PushService

pytestmark = pytest.mark.no_database
# Appendix A of RFC 8291.
TEXT = b"When I grow up, I want to be a watermelon"
BROWSER = PushBrowser(
    PushService("https://push.example"),
    private="q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
    secret="BTBZMqHH6r4Tts7J_aSIgg",
)
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_rfc_gives_the_same_bytes(monkeypatch):
    sender = derive_private_key(int.from_bytes(encryption.decode(SENDER), "big"), SECP256R1())
    monkeypatch.setattr(encryption, "generate_private_key", lambda curve: sender)
    monkeypatch.setattr(os, "urandom", lambda length: encryption.decode(SALT))
    assert encryption.encode(encryption.encrypt(TEXT, BROWSER.point, BROWSER.secret)) == BODY


def test_a_browser_reads_what_was_encrypted_for_it_and_no_two_bodies_are_alike():
    bodies = [encryption.encrypt(TEXT, BROWSER.point, BROWSER.secret) for _ in range(2)]
    assert [BROWSER.decrypt(body) for body in bodies] == [TEXT, TEXT] and bodies[0] != bodies[1]


@pytest.mark.parametrize("point", [b"", b"\x04" * 65, BROWSER.point[:-1], b"\x02" + BROWSER.point[1:33]])
def test_an_invalid_public_key_is_refused(point):
    with pytest.raises(ValueError):
        encryption.read_point(point)


def test_the_signature_names_the_push_service_and_the_contact(settings):
    settings.CHAT_VAPID_KEY, settings.CHAT_VAPID_CONTACT = make_key_pair().private, "mailto:chat@example.com"
    header = identity.sign_request("https://push.example:8443/secret/path?query")
    claims = BROWSER.service.check_signature({"Authorization": header})
    assert claims["aud"] == "https://push.example:8443" and claims["sub"] == "mailto:chat@example.com"
    assert header.endswith(f"k={identity.get_public_key()}") and "secret" not in header


@pytest.mark.parametrize("contact", [None, "", "tel:+1-201-555-0123", "http://chat.example.com"])
@pytest.mark.parametrize("origin", ["https://push.example", "https://[2001:db8::1]:8443"])
def test_a_site_without_a_valid_contact_signs_without_a_contact(settings, contact, origin):
    settings.CHAT_VAPID_KEY, settings.CHAT_VAPID_CONTACT = KEY, contact
    claims = BROWSER.service.check_signature({"Authorization": identity.sign_request(f"{origin}/path")})
    assert claims["aud"] == origin and "sub" not in claims and not identity.has_contact()


def test_the_command_prints_a_key_that_the_setting_accepts(settings):
    out = io.StringIO()
    call_command("vapid", stdout=out)
    name, _, key = out.getvalue().strip().partition("=")
    assert environment.read(name, {name: key}) == key
    settings.CHAT_VAPID_KEY = key
    assert len(identity.get_public_key()) == 87


@pytest.mark.parametrize("body", ["x" * 10_000, "\u5bc6\u7801" * 5_000, "\U0001f680" * 3_000, '"\\\n' * 4_000])
def test_a_long_content_is_shortened_to_what_push_services_accept(body):
    encoded = delivery.encode_content({"title": "Alice", "body": body, "slug": "garden"})
    assert 2_000 < len(encoded) <= delivery.MAX_BYTES and "\u2026".encode() in encoded


@pytest.mark.parametrize(
    "text, seconds",
    [("30", 30), ("0", 0), ("999999999999", 3600), ("", None), ("soon", None), ("-5", None)]
    + [("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("Wed, 21 Oct 2099 07:28:00 GMT", 3600)],
)
def test_the_time_that_a_push_service_names_is_at_most_an_hour(text, seconds):
    hold = delivery._read_hold(text)
    assert hold is None if seconds is None else hold.total_seconds() == seconds
