"""The API of the browsers that receive notifications while no page is open."""

import pytest

from chat.models import PushSubscription
from tests import wire
from tests.push_service import KEY, PushBrowser, PushService

pytestmark = pytest.mark.django_db
BROWSER = PushBrowser(PushService("https://fcm.googleapis.com"))
FIELDS = BROWSER.fields


@pytest.fixture(autouse=True)
def key(settings):
    settings.CHAT_VAPID_KEY = KEY


@pytest.fixture
def client_of_bob(bob):
    return wire.browser_of(bob)


def post(client, **fields):
    return client.post("/api/push/", {**FIELDS, **fields}, content_type="application/json")


def test_a_browser_subscribes_is_listed_and_unsubscribes(client_of_bob, bob):
    response = post(client_of_bob, time_zone="Europe/Berlin", text=False)
    assert response.status_code == 201
    found = client_of_bob.get("/api/push/").json()
    (row,) = found["browsers"]
    assert len(found["key"]) == 87
    assert (row["id"], row["own"], row["text"], row["sent_at"]) == (response.json()["id"], True, False, None)
    # Other browsers see it too. The address and the keys stay on the server.
    (other,) = wire.browser_of(bob).get("/api/push/").json()["browsers"]
    assert other == {**row, "own": False} and "endpoint" not in row
    assert post(client_of_bob).status_code == 200 and PushSubscription.objects.get().shows_text is False
    assert client_of_bob.delete("/api/push/").status_code == 204 and not PushSubscription.objects.exists()
    assert client_of_bob.delete("/api/push/").status_code == 204


def test_a_person_ends_the_notifications_of_another_browser(client_of_bob, bob, alice):
    number = post(client_of_bob).json()["id"]
    for method in ("delete", "post"):
        path = f"/api/push/{number}/" if method == "delete" else f"/api/push/{number}/test/"
        assert getattr(wire.browser_of(alice), method)(path).status_code == 404
    assert wire.browser_of(bob).delete(f"/api/push/{number}/").status_code == 204
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"endpoint": None},
        {"endpoint": "http://fcm.googleapis.com/x"},
        {"endpoint": "https://user:secret@fcm.googleapis.com/x"},
        {"endpoint": r"https://example.com\.push.apple.com/x"},
        {"endpoint": "https://example.com%2F.push.apple.com/x"},
        {"endpoint": "https://fcm.googleapis.com/" + "x" * 1000},
        {"keys": None},
        {"keys": {}},
        {"keys": {**FIELDS["keys"], "p256dh": "AAAA"}},
        {"keys": {**FIELDS["keys"], "auth": "AAAA"}},
        {"keys": {**FIELDS["keys"], "auth": "not base64!"}},
        {"time_zone": "Mars/Olympus"},
        {"text": "yes"},
    ],
)
def test_a_wrong_field_is_refused(client_of_bob, fields):
    response = post(client_of_bob, **fields)
    assert (response.status_code, response.json()["code"]) == (400, "invalid_field")


@pytest.mark.parametrize(
    "endpoint",
    ["https://example.com/x", "https://fcm.googleapis.com.example.com/x", "https://10.0.0.1/", "https://[::1]/"],
)
def test_only_known_push_services_are_accepted(client_of_bob, endpoint):
    assert post(client_of_bob, endpoint=endpoint).status_code == 403


@pytest.mark.parametrize(
    "host", ["updates.push.services.mozilla.com", "web.push.apple.com", "wns2-par02p.notify.windows.com"]
)
def test_the_push_services_of_firefox_safari_and_edge_are_accepted(client_of_bob, host):
    assert post(client_of_bob, endpoint=f"https://{host}/x").status_code == 201


def test_guests_and_strangers_have_no_pushes(client, charlie):
    assert post(client).status_code == 401
    assert post(wire.browser_of(charlie)).status_code == 403


def test_a_site_without_a_key_has_no_pushes(client_of_bob, settings):
    settings.CHAT_VAPID_KEY = None
    assert client_of_bob.get("/api/push/").json() == {"browsers": [], "key": None}
    assert post(client_of_bob).status_code == 404
    assert 'id="push"' not in client_of_bob.get("/settings/").content.decode()


def test_the_settings_have_a_section_for_notifications(client_of_bob):
    assert 'id="push"' in client_of_bob.get("/settings/").content.decode()


def test_subscriptions_and_tests_of_them_are_limited(client_of_bob, alice, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "push_changes": (2, 0.001)}
    number = post(client_of_bob).json()["id"]
    assert client_of_bob.post(f"/api/push/{number}/test/").status_code == 202
    refused = client_of_bob.post(f"/api/push/{number}/test/")
    assert refused.status_code == 429 and refused.json()["retry_after"] > 0
    assert post(client_of_bob).status_code == 429 and post(wire.browser_of(alice)).status_code == 201


def test_the_persons_own_data_names_the_browsers_but_no_keys(client_of_bob):
    post(client_of_bob, text=False)
    data = b"".join(client_of_bob.get("/api/profile/data/").streaming_content).decode()
    assert '"notified_browsers"' in data and '"text": false' in data
    assert FIELDS["endpoint"] not in data and FIELDS["keys"]["auth"] not in data
