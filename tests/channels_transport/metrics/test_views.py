"""The token that a reader of the metrics needs, and the time that an answer takes."""

import threading

import pytest
from django.test import RequestFactory

from channels_transport import Asked
from channels_transport.metrics import collecting, views
from channels_transport.metrics.families import gauge

pytestmark = pytest.mark.no_database


@pytest.fixture
def parts(monkeypatch):
    """Replace the parts of the metrics, which would use another database in their threads."""
    parts = {"redis": lambda: [gauge("channels_x", "x").add(1)], "database": lambda: [gauge("channels_y", "y").add(2)]}
    monkeypatch.setattr(views, "collect", lambda: collecting.collect(parts, seconds=0.2))
    return parts


def get(authorization=None, method="get"):
    headers = {} if authorization is None else {"HTTP_AUTHORIZATION": authorization}
    return views.metrics(getattr(RequestFactory(), method)("/metrics", **headers))


def ask(authorization=None, method="GET"):
    headers = {} if authorization is None else {"authorization": authorization}
    return views.answer_metrics(Asked(method, 7, lambda: True, "/metrics", headers))


def test_without_a_token_in_the_settings_everybody_is_refused(parts, settings):
    settings.METRICS_TOKEN = ""
    for authorization in (None, "Bearer ", "Bearer None"):
        assert get(authorization).status_code == ask(authorization).status == 403
    assert b"Set METRICS_TOKEN: without this setting, the site shows no metrics." in get().content


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic x", "Bearer a token of the test"])
def test_a_wrong_token_is_refused(parts, token, authorization):
    response, answer = get(authorization), ask(authorization)
    assert response.status_code == answer.status == 401
    assert response["WWW-Authenticate"] == answer.headers["WWW-Authenticate"] == "Bearer"


def test_other_methods_are_refused(parts, token):
    assert get(f"Bearer {token}", "post").status_code == ask(f"Bearer {token}", "POST").status == 405


def test_the_view_returns_the_metrics_of_all_parts(parts, token):
    response = get(f"Bearer {token}")
    assert response.status_code == 200 and response["Content-Type"].startswith("text/plain; version=0.0.4")
    text = response.content.decode()
    assert "channels_x 1.0" in text and "channels_y 2.0" in text and 'channels_info{channels="1.1.8"' in text
    assert 'channels_up{part="redis"} 1.0' in text


def test_the_interface_adds_its_connections(parts, token):
    instruction = ask(f"Bearer {token}")
    text = instruction.make_answer().content.decode()
    assert "channels_connections 7.0" in text and "channels_x 1.0" in text
    assert instruction.seconds < 1 and b"channels_connections 7.0" in instruction.make_late().content


def test_a_part_that_hangs_is_left_out(parts, token):
    release = threading.Event()
    parts["redis"] = lambda: release.wait(10)
    text = get(f"Bearer {token}").content.decode()
    release.set()
    assert 'channels_up{part="redis"} 0.0' in text and "channels_y 2.0" in text
