"""The logs of the site: every handler cleans its lines, and hides the secrets in addresses."""

import io
import logging
import re

import pytest
from django.conf import settings
from django.utils.log import DEFAULT_LOGGING

from channels_transport.log_lines import LineFormatter, clean
from chat.consumers.routing import board_routing
from chat.http.urls import urlpatterns

# SECRET lists the secret parameters of addresses, and OPEN lists the others. Add each new parameter to one of them.
SECRET = {"key", "board", "session", "secret", "token"}
OPEN = {"slug", "handle", "token_id", "scheduled_id", "task_id", "invitation_id", "report_id", "number"}
OPEN |= {"announcement_id", "hook_id", "file_id", "login_id", "section", "digest", "action", "person_id"}
OPEN |= {"preview_id", "name", "delivery_id", "reminder_id", "subscription_id"}


def find_addresses():
    """Yield (address with SECRET in place of each secret, the names of its parameters)."""
    patterns = [str(pattern.pattern) for pattern in urlpatterns]
    patterns += [re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route.filters["path"].pattern) for route in board_routing]
    for pattern in patterns:
        names = re.findall(r"<(?:\w+:)?(\w+)>", pattern)
        text = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: "SECRET" if match[1] in SECRET else "open", pattern)
        yield "/" + text.lstrip("^/").removesuffix("\\Z"), names


def test_every_parameter_of_an_address_is_known_as_secret_or_open():
    unknown = {name for _, names in find_addresses() for name in names} - SECRET - OPEN
    assert not unknown, f"Add {unknown} to SECRET or to OPEN in this file; SECRET needs a pattern in SECRET_PATHS."


def test_the_secrets_of_all_addresses_are_hidden():
    addresses = [address for address, names in find_addresses() if SECRET.intersection(names)]
    assert len(addresses) >= 5
    for address in addresses:
        assert "SECRET" not in clean(f"Not Found: {address}")


def test_every_handler_of_the_site_cleans_its_lines():
    for name, handler in settings.LOGGING["handlers"].items():
        formatter = settings.LOGGING["formatters"][handler["formatter"]]
        assert formatter == {"()": "channels_transport.log_lines.LineFormatter"}, name
    # Django's own loggers write to the site's handlers, not to their own.
    for name in DEFAULT_LOGGING["loggers"]:
        logger = logging.getLogger(name)
        assert logger.propagate and not logger.handlers, name
    assert any(isinstance(handler.formatter, LineFormatter) for handler in logging.getLogger().handlers)


@pytest.fixture
def log(monkeypatch):
    """Return a function that returns the lines that the site's console gets."""
    (handler,) = [found for found in logging.getLogger().handlers if isinstance(found.formatter, LineFormatter)]
    stream = io.StringIO()
    monkeypatch.setattr(handler, "stream", stream)
    return lambda: stream.getvalue().splitlines()


@pytest.mark.parametrize(
    "path, method, host",
    [
        ("/invite/SECRET%0aforged/", "get", "testserver"),
        ("/nowhere/%0d%0aforged%1b%e2%80%ae/", "get", "testserver"),
        ("/readyz/../invite/SECRET", "get", "testserver"),
        ("/metrics?token=SECRET", "delete", "testserver"),
        ("/invite/SECRET/x", "get", "evil.example\nforged"),
        ("/board/SECRET/%0a/", "post", "testserver"),
    ],
)
@pytest.mark.django_db
def test_text_from_a_client_starts_no_new_line_and_shows_no_secret(log, client, path, method, host):
    getattr(client, method)(path, HTTP_HOST=host)
    lines = log()
    assert lines and not any("SECRET" in line or line.startswith("forged") for line in lines)
    assert all(line.isprintable() for line in lines)
