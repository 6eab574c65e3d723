"""Tests of the language of a response: the person's preference, the cookie, and the languages of the browser."""

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import trans_real

from chat.services import people
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(alice):
    return wire.browser_of(alice)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("ar", "ar"),
        ("zh-CN", "zh-hans"),
        ("nl,fr;q=0.5", "fr"),
        ("nl", "en"),
        ("", "en"),
        ("de;q=x, \0", "en"),
    ],
)
def test_a_stranger_gets_the_best_language_of_the_browser(db, accepted, language):
    response = Client().get("/", HTTP_ACCEPT_LANGUAGE=accepted)
    assert response["Content-Language"] == language
    assert "Accept-Language" in response["Vary"]
    direction = ' dir="rtl"' if language == "ar" else ""
    assert f'<html lang="{language}"{direction}' in response.content.decode()


def test_a_preference_is_stronger_than_the_browser_and_holds_for_the_api(browser, alice):
    people.change_preferences(alice, {"language": "zh"})
    page = browser.get("/", HTTP_ACCEPT_LANGUAGE="de")
    assert page["Content-Language"] == page.cookies["language"].value == "zh-hans"
    assert browser.get("/api/rooms/", HTTP_ACCEPT_LANGUAGE="de")["Content-Language"] == "zh-hans"
    assert "language" not in browser.get("/").cookies


def test_the_cookie_ends_with_the_preference(browser, alice):
    people.change_preferences(alice, {"language": "fr"})
    browser.get("/")
    people.change_preferences(alice, {"language": ""})
    page = browser.get("/", HTTP_ACCEPT_LANGUAGE="de")
    assert (page["Content-Language"], page.cookies["language"].value) == ("de", "")


def test_a_cookie_with_an_unknown_language_is_ignored(db):
    browser = Client()
    browser.cookies["language"] = "../../tlh"
    assert browser.get("/", HTTP_ACCEPT_LANGUAGE="de")["Content-Language"] == "de"


@pytest.mark.parametrize("count", [120, 130, 10_000])
def test_only_500_characters_of_a_list_of_languages_count(db, count):
    others = ",".join(["tlh"] * count)
    assert Client().get("/", HTTP_ACCEPT_LANGUAGE=f"de,{others}")["Content-Language"] == "de"
    late = "de" if count == 120 else "en"
    assert Client().get("/", HTTP_ACCEPT_LANGUAGE=f"{others},de")["Content-Language"] == late


def test_django_gets_no_long_names_of_languages(db, monkeypatch):
    """Django keeps the last 1,000 names that it was asked for in memory (CVE-2026-77050)."""
    asked = []
    find = trans_real.get_supported_language_variant
    monkeypatch.setattr(trans_real, "get_supported_language_variant", lambda code: asked.append(code) or find(code))
    browser = Client()
    browser.cookies["language"] = "x" * 9000
    browser.get("/", HTTP_ACCEPT_LANGUAGE="de-" + "y" * 9000)
    assert max(len(code or "") for code in asked) <= 500


def test_the_language_ends_with_the_request(db):
    Client().get("/", HTTP_ACCEPT_LANGUAGE="de")
    assert translation.get_language() == "en"
