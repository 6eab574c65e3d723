"""The facts that all processes of a site must have in common: they contain no secret, and secrets can be compared."""

import json

import pytest

from channels_transport.facts import HIDDEN, describe_facts, make_digest

pytestmark = pytest.mark.no_database


@pytest.fixture(autouse=True)
def fresh_facts():
    """Let each test read the facts again."""
    describe_facts.cache_clear()
    yield
    describe_facts.cache_clear()


def test_facts_contain_no_secret_and_secrets_can_be_compared(settings):
    settings.SECRET_KEY = "hunter2"
    settings.DATABASES = {"default": {"HOST": "db", "PORT": 5432, "NAME": "chat", "PASSWORD": "hunter2"}}
    hosts = ["redis://chat:hunter2@one:6379/1?prefix=a:,redis+sentinel://chat:hunter2@s1,s2:1/main/0?x=hunter2"]
    settings.CHANNEL_LAYERS = {"default": {"CONFIG": {"hosts": hosts}}}
    facts = describe_facts()
    assert "hunter2" not in json.dumps(facts) and facts["the database"] == "db:5432/chat"
    assert facts["the Redis servers"] == "one:6379/1, s1,s2:1/main/0"
    same, other = make_digest("A", "x"), make_digest("A", "y")
    assert facts["SECRET_KEY"].startswith(HIDDEN) and same == make_digest("A", "x") != other
    settings.SECRET_KEY = "another"
    assert make_digest("A", "x") != same
    assert describe_facts() is facts, "they are read once"


def describe_site():
    """Return a fact of a site."""
    return {"the soup": "hot"}


def test_a_site_adds_facts_and_a_function_that_cannot_be_imported_is_only_logged(settings, caplog):
    settings.PROCESS_FACTS = f"{__name__}.describe_site"
    assert describe_facts()["the soup"] == "hot"
    describe_facts.cache_clear()
    settings.PROCESS_FACTS = "no.such.function"
    assert "SECRET_KEY" in describe_facts() and "PROCESS_FACTS" in caplog.text
