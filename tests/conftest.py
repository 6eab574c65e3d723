"""Fixtures for all tests: an empty channel layer, an empty store, and people."""

import gc
import os

import hypothesis
import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.message import pending_message_store
from django.db import connection

from channels_transport import log_context
from chat import markup
from chat.models import Person
from chat.services import budgets, busy_rooms, custom_emoji, feed_posts, limits, people, push_posts, rooms
from chat.services.threads import notices
from chat.store import store
from tests import wire
from tests.browser.chromium import chromium  # noqa: F401 (a fixture)
from tests.flushing import quick_flush  # noqa: F401 (a fixture)
from tests.live.sites import shared_site, swift  # noqa: F401 (fixtures)
from tests.random_examples import IS_FAST
from tests.stand_ins import Clock, Later
from tests.valkey import valkey, valkey_url  # noqa: F401 (fixtures)

# A test must not fail because the machine is slow. No run uses the examples of an earlier run. In CI, each run uses
# the same examples: a new random example cannot fail an unrelated change.
hypothesis.settings.register_profile(
    "chat",
    deadline=None,
    database=None,
    max_examples=10 if IS_FAST else 100,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("chat")


@pytest.hookimpl(hookwrapper=True)
def pytest_collection():
    """
    Import the tests without the garbage collector, and exclude from it all objects that last as long as the run.

    The garbage collector took 2.3 of the 7 s in which pytest collects the tests, and up to 0.7 s of a single test.
    """
    gc.disable()
    yield
    gc.freeze()
    # By default the collector runs after every 700 new objects. It took 2 % of the time of the unit tests.
    gc.set_threshold(20_000)
    gc.enable()


def pytest_make_parametrize_id(val):
    """Shorten the id of a long text. Eleven ids had 60,000 characters or more, in each line of a report."""
    if isinstance(val, str | bytes) and len(val) > 200:
        return f"{ascii(val[:20])}... of {len(val)}"
    return None


def pytest_collection_modifyitems(items):
    """Put live, browser and security tests first: they take long, and the short files fill the rest of the time."""
    items.sort(key=lambda item: not {"live", "browser", "security"} & set(item.path.parts))


@pytest.fixture(scope="session")
def django_db_modify_db_settings_xdist_suffix(request):
    """
    Give each test process its own database. SQLite needs no change, because its database is in memory.

    (pytest-django does this for Django's own backends only, and this site has its own backends.)
    """
    worker = getattr(request.config, "workerinput", {}).get("workerid")
    if worker and connection.vendor != "sqlite":
        connection.settings_dict["TEST"]["NAME"] = f"test_{connection.settings_dict['NAME']}_{worker}"


@pytest.fixture(autouse=True)
def empty_state():
    """Empty the layer, the store and the caches of this process before each test."""
    channel_layers[DEFAULT_CHANNEL_LAYER].flush()
    # After a worker has run in this thread, messages would wait for the end of a consumer.
    vars(pending_message_store.threadlocal).pop("messages", None)
    store.clear()
    busy_rooms.forget_messages()
    custom_emoji.forget_emoji()
    log_context.clear()
    markup.render.cache_clear()
    limits.forget_people()
    budgets.forget_levels()
    feed_posts.forget_pauses()
    notices.forget_pauses()
    push_posts.forget_posts()


@pytest.fixture(autouse=True)
def later(monkeypatch):
    """Replace the timers. A call runs only when the test says so, and never after its test."""
    stand_in = Later()
    monkeypatch.setattr("channels_transport.timers.call_later", stand_in.call_later)
    for module in ("pauses", "people.logins", "presence", "push_posts"):
        monkeypatch.setattr(f"chat.services.{module}.call_later", stand_in.call_later)
    return stand_in


@pytest.fixture
def own_files(settings, tmp_path):
    """Store files in a directory of this test, if the default is a directory. Return the directory or None."""
    if settings.CHAT_FILES == "database:":
        return None
    settings.CHAT_FILES = str(tmp_path / "files")
    return tmp_path / "files"


@pytest.fixture
def clock(monkeypatch):
    """Replace the clock of the store, the ordering and the sessions: only the test moves it."""
    stand_in = Clock()
    for module in ("chat.store.memory", "channels_transport.ordering", "channels_transport.session_backends"):
        monkeypatch.setattr(f"{module}.time", stand_in)
    return stand_in


@pytest.fixture
def alice(db):
    """Return the account Alice."""
    return people.sign_up("Alice", "correct horse")


@pytest.fixture
def bob(db):
    """Return the account Bob."""
    return people.sign_up("Bob", "battery staple")


@pytest.fixture
def charlie(db):
    """Return the guest Charlie."""
    return people.sign_up_guest("Charlie")


@pytest.fixture
def room(alice):
    """Return the public room `garden`, which Alice owns."""
    return rooms.create_room(alice, "garden", "The garden", "Roses and weeds")


@pytest.fixture
def enter(room):
    """Return a function that connects a person to the room `garden` and returns the socket, after `synced`."""

    def enter(person, query="", **kwargs):
        browser = wire.browser_of(person)
        socket = wire.Socket("/chat/garden/", browser, query=query, **kwargs).connect()
        socket.browser = browser
        return socket

    return enter


@pytest.fixture
def default_layer():
    """Return the default layer, in memory. It does not order messages; the decorator `enforce_ordering` orders them."""
    return channel_layers[DEFAULT_CHANNEL_LAYER]


@pytest.fixture
def as_alice(alice):
    """Return a caller of the API who is Alice."""
    return wire.Caller(alice)


@pytest.fixture
def as_bob(bob):
    """Return a caller of the API who is Bob."""
    return wire.Caller(bob)


@pytest.fixture
def root(db):
    """Return an operator."""
    return Person.objects.create_superuser("Root", "a long password")


@pytest.fixture
def admin_browser(root):
    """Return the browser of the operator `root`."""
    return wire.browser_of(root)
