"""One story of a sign-in with OpenID Connect, on the real pages and with a real redirect to another site."""

import re

import pytest
from playwright.sync_api import expect

from chat.models import ExternalLogin, Person
from chat.services import account_invitations
from chat.services.people.openid import provider
from tests.browser.accessibility import assert_accessible
from tests.browser.gallery import keep_screenshot
from tests.security.openid_provider import CLIENT, SECRET, Provider, make_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings):
    """Yield a provider. Its host differs from the site's: the browser crosses sites, as with a real provider."""
    server = Provider([make_key(1)])
    provider.forget()
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = server.issuer, CLIENT, SECRET
    settings.OIDC_NAME = "Example Login"
    yield server
    server.stop()
    provider.forget()


@pytest.fixture
def url(request, monkeypatch):
    """Return the address of the pages, which a thread of this process serves. There is no interface, and no worker."""
    # The site's own middleware serves the static files.
    monkeypatch.setattr("django.contrib.staticfiles.handlers.StaticFilesHandler", lambda handler: handler)
    return request.getfixturevalue("live_server").url


def test_a_person_signs_up_and_in_through_the_provider(browser_of, url, server, settings):
    settings.OIDC_SIGN_UP = "invitation"
    key = account_invitations.make_invitation(None)[1]
    alice = browser_of("Alice")
    alice.goto(f"{url}/sign-in/?next=/settings/")
    assert_accessible(alice, "sign-in-openid")
    alice.get_by_test_id("openid").click()
    # The provider has sent the browser back. Without an invitation, the page says what to do.
    expect(alice.get_by_test_id("sign_up-refusal")).to_contain_text("You need an invitation")
    keep_screenshot(alice, "openid-refused")
    alice.goto(f"{url}/invite/{key}/")
    expect(alice.get_by_text("You are invited to this site.")).to_be_visible()
    alice.get_by_test_id("openid").click()
    expect(alice.locator("[name=handle]")).to_have_value("alice")
    assert_accessible(alice, "openid-new")
    alice.fill("[name=handle]", "admin")
    alice.keyboard.press("Enter")
    expect(alice.get_by_text("This name is reserved")).to_be_visible()
    alice.fill("[name=handle]", "Alice")
    alice.keyboard.press("Enter")
    alice.wait_for_url(f"{url}/")
    assert ExternalLogin.objects.get().person.handle == "Alice"
    alice.goto(f"{url}/settings/")
    expect(alice.get_by_test_id("openid-settings")).to_contain_text("Connected since")
    alice.get_by_test_id("recent-openid").scroll_into_view_if_needed()
    assert_accessible(alice, "settings-openid")
    alice.goto(f"{url}/sign-in/?next=/settings/")
    server.lies = {"nonce"}
    alice.get_by_test_id("openid").click()
    expect(alice.get_by_test_id("openid-failed")).to_contain_text("is not valid, so nobody was signed in")
    assert_accessible(alice, "openid-failed")
    server.lies = set()
    settings.OIDC_ONLY = True
    alice.context.clear_cookies()
    alice.goto(f"{url}/sign-in/?next=/settings/")
    assert_accessible(alice, "sign-in-openid-only")
    alice.get_by_test_id("openid").click()
    expect(alice.get_by_test_id("account")).to_contain_text("Alice")
    root = Person.objects.create_superuser("Root", "a long password")
    operator = browser_of("Root")
    operator.goto(f"{url}/sign-in/?next=/invitations/")
    operator.get_by_text("Operators: sign in with a password").click()
    operator.fill("[name=handle]", root.handle)
    operator.fill("[name=password]", "a long password")
    operator.keyboard.press("Enter")
    operator.click("[data-testid=invite-form] button")
    expect(operator.get_by_test_id("invitation-url")).to_have_value(re.compile(r"/invite/[\w-]{32}/$"))
    assert_accessible(operator, "invitations")
