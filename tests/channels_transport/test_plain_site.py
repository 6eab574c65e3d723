"""
A site that imports only Channels passes its own tests on Channels alone and on the transport; only its settings differ.

Each run is a process with the settings of `plain_site`, and runs the tests in `plain_site/documented/`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.process, pytest.mark.no_database]

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "tests.channels_transport.plain_site"
MODULES = ["sessions", "generic", "demultiplexing", "bindings", "tools", "layers"]
OWN_ENGINE = "channels_transport.sessions"


@pytest.fixture
def run(tmp_path, valkey_url):
    """Return a function that runs Python with the site's settings. Environment variables change them."""

    def run(*arguments, **variables):
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": f"{PACKAGE}.settings",
            "PLAIN_FOLDER": str(tmp_path),
            "REDIS_URL": valkey_url,
            "no_proxy": "*",
            **variables,
        }
        command = [sys.executable, "-W", "ignore", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100
        )
        return done.returncode, done.stdout

    return run


@pytest.fixture
def run_tests(run):
    """Return a function that runs the site's own tests, and fails with their output."""

    def run_tests(modules, **variables):
        is_without = not variables.get("PLAIN_TRANSPORT") or "PLAIN_EARLY_IMPORTS" in variables
        if is_without and sys.version_info >= (3, 12):
            pytest.skip("since Python 3.12, Channels cannot be imported before the transport")
        code, output = run("-m", "django", "test", *(f"{PACKAGE}.documented.{name}" for name in modules), **variables)
        assert code == 0 and "\nOK" in output, output

    return run_tests


@pytest.mark.parametrize("engine", ["db", "cache", "file"])
def test_the_site_passes_its_tests_on_channels_alone(run_tests, engine):
    run_tests(MODULES, PLAIN_ENGINE=engine)


@pytest.mark.parametrize("engine", ["db", "cache", "file"])
def test_the_site_passes_its_tests_on_the_transport(run_tests, engine):
    run_tests(MODULES, PLAIN_TRANSPORT="1", PLAIN_ENGINE=engine)


@pytest.mark.parametrize("engine", ["db", "signed_cookies"])
def test_the_site_passes_its_tests_with_the_engine_of_the_transport(run_tests, engine):
    run_tests(MODULES, PLAIN_TRANSPORT="1", PLAIN_ENGINE=engine, PLAIN_CHANNEL_ENGINE=OWN_ENGINE)


def test_the_site_passes_its_tests_if_its_modules_were_imported_before_the_transport(run_tests):
    modules = [f"{PACKAGE}.documented.early", "channels.test.base", "channels.binding.websockets"]
    run_tests([*MODULES, "early"], PLAIN_TRANSPORT="1", PLAIN_EARLY_IMPORTS=" ".join(modules))


STOCK_LAYER, OWN_LAYER = "asgi_redis.RedisChannelLayer", "channels_transport.layer.RedisChannelLayer"


@pytest.mark.parametrize(
    "transport, default, other",
    [
        ("", STOCK_LAYER, STOCK_LAYER),
        ("1", OWN_LAYER, OWN_LAYER),
        ("1", OWN_LAYER, STOCK_LAYER),
        ("1", STOCK_LAYER, OWN_LAYER),
        ("1", OWN_LAYER, "channels_transport.memory.MemoryChannelLayer"),
        ("1", OWN_LAYER, "asgiref.inmemory.ChannelLayer"),
    ],
)
def test_the_site_passes_its_tests_of_two_layers(run_tests, transport, default, other):
    run_tests(["layers"], PLAIN_TRANSPORT=transport, PLAIN_DEFAULT_LAYER=default, PLAIN_OTHER_LAYER=other)


@pytest.mark.parametrize("transport", ["", "1"])
def test_the_site_passes_its_tests_of_the_live_server(run_tests, transport):
    run_tests(["live_server"], PLAIN_TRANSPORT=transport)


def check(run, **variables):
    return run("-m", "django", "check", PLAIN_TRANSPORT="1", **variables)


def test_channel_sessions_in_signed_cookies_are_refused_at_start(run):
    code, output = check(run, PLAIN_ENGINE="signed_cookies")
    assert code == 1 and "Channel sessions cannot be stored in signed cookies" in output
    assert f'Set CHANNEL_SESSION_ENGINE = "{OWN_ENGINE}"' in output
    assert check(run, PLAIN_ENGINE="signed_cookies", PLAIN_CHANNEL_ENGINE=OWN_ENGINE)[0] == 0


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="Channels cannot be imported without the transport")
def test_a_layer_without_the_app_is_refused_at_start(run):
    code = "import django; django.setup(); from channels import channel_layers; channel_layers['default']"
    for layer in (OWN_LAYER, "channels_transport.memory.MemoryChannelLayer"):
        exit_code, output = run("-c", code, PLAIN_ONLY_LAYER=layer)
        assert exit_code == 1 and 'Add "channels_transport" to INSTALLED_APPS, before "channels"' in output, output


def test_a_class_that_was_derived_from_the_stock_worker_is_refused_at_start(run):
    code, output = check(run, PLAIN_EARLY_IMPORTS=f"{PACKAGE}.early_worker")
    assert code == 1 and "early_worker.SlowWorker was derived from Channels' worker" in output, output
