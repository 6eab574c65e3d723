"""The system checks of the package."""

import sys
import types

import pytest
from django.apps import apps
from django.core import checks as django_checks

from channels_transport import checks

pytestmark = pytest.mark.no_database


def layers(backend, routing="channels_transport.nothing"):
    return {"default": {"BACKEND": backend, "ROUTING": routing}}


def test_the_checks_run_with_the_checks_of_django():
    registered = {check.__name__ for check in django_checks.registry.registry.get_checks()}
    assert {"check_commands", "check_layers", "check_delay"} <= registered


@pytest.mark.parametrize(
    "backend", ["layer.RedisChannelLayer", "memory.MemoryChannelLayer", "layer.NotThere", "nowhere.Layer"]
)
def test_own_layers_and_layers_that_cannot_be_imported_are_not_reported(backend, settings):
    settings.CHANNEL_LAYERS = layers(f"channels_transport.{backend}")
    assert checks.check_layers() == []


@pytest.mark.parametrize("backend", checks.COUNTERPARTS)
def test_the_counterpart_of_another_layer_is_named(backend, settings):
    settings.CHANNEL_LAYERS = layers(backend)
    (found,) = checks.check_layers()
    assert backend in found.msg and checks.COUNTERPARTS[backend] in found.hint and "same CONFIG" in found.hint
    assert not found.is_serious()  # the tests of a site may use this layer


def test_an_unknown_layer_is_reported(settings):
    settings.CHANNEL_LAYERS = layers("tests.channels_transport.test_checks.ForeignLayer")
    (found,) = checks.check_layers()
    assert checks.DEFAULT_COUNTERPART in found.hint


class ForeignLayer:
    """A layer of somebody else."""


@pytest.fixture
def make_module(monkeypatch, tmp_path):
    """
    Return a function that registers a module `shop.consumers` with the given source, as if it were imported.

    `shop` becomes the only app of the site.
    """

    def make_module(source):
        path = tmp_path / "consumers.py"
        path.write_text(source)
        module = types.ModuleType("shop.consumers")
        module.__file__ = str(path)
        monkeypatch.setitem(sys.modules, "shop.consumers", module)
        monkeypatch.setattr(apps, "get_app_configs", lambda: [types.SimpleNamespace(name="shop")])

    return make_module


DELAYS = "Channel('asgi.delay').send({})"


def test_a_site_that_delays_messages_needs_the_app_for_them(make_module, monkeypatch, settings):
    settings.CHANNEL_LAYERS = {}
    make_module(DELAYS)
    assert checks.check_delay() == []
    monkeypatch.setattr(apps, "is_installed", lambda name: False)
    (found,) = checks.check_delay()
    assert "shop.consumers sends to asgi.delay" in found.msg and '"channels.delay"' in found.hint
    make_module("Channel('things').send({})")
    assert checks.check_delay() == []


def test_the_check_of_delays_imports_the_routing(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(apps, "is_installed", lambda name: False)
    monkeypatch.setattr(apps, "get_app_configs", lambda: [types.SimpleNamespace(name="late_consumers")])
    (tmp_path / "late_consumers.py").write_text('CHANNEL = "asgi.delay"\nrouting = []\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.CHANNEL_LAYERS = layers("channels_transport.memory.MemoryChannelLayer", "late_consumers.routing")
    assert [found.id for found in checks.check_delay()] == ["channels_transport.W002"]
