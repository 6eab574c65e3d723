"""
Nothing is unpickled: no code of ours does it, and no setting lets the stack do it.

A pickle can run any program when it is read. tests/live/test_redis_user.py also watches the processes of a site.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage, MessageDecoder
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.serializers import JSONSerializer
from django.core import signing
from django.utils.module_loading import import_string

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("channels_transport", "chat", "chatproj", "benchmarks", "examples")
LOADERS = {"pickle", "_pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle", "yaml"}
# {module of the stack that can unpickle: why it never reads anything from outside}
CAPABLE = {
    "_pickle": "pickle itself",
    "pickle": "pickle itself",
    "logging.handlers": "the receiver of records over a socket; LOGGING has no such handler",
    "multiprocessing.reduction": "for the site's own child processes; the site starts none of this kind",
    "autobahn.websocket.protocol": "only pickles, to copy its own statistics",
    "twisted.persisted.sob": "the files of twistd, which the site does not run",
    "twisted.persisted.styles": "the same",
    "twisted.plugin": "the cache of Twisted's plugins, beside Twisted's own code",
    "twisted.python.reflect": "only names the classes of pickle",
    "django.contrib.sessions.serializers": "PickleSerializer, which SESSION_SERIALIZER does not name",
    "django.core.cache.backends.locmem": "the cache in memory, which CACHES does not name",
    "jinja2.bccache": "the cache of compiled templates; the site has no templates of Jinja",
}
PROGRAM = """
import importlib, pickle, pkgutil, sys
import django
django.setup()
from django.contrib.sessions.backends.db import SessionStore
from django.urls import get_resolver
from chatproj import asgi
SessionStore().serializer
get_resolver().url_patterns
for package in ("channels_transport", "chat", "chatproj"):
    commands = importlib.import_module(f"{package}.management.commands")
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module.name}")
loaders = [pickle, pickle.load, pickle.loads, pickle.Unpickler]
for name, module in list(sys.modules.items()):
    if any(any(value is loader for loader in loaders) for value in vars(module).values()):
        print(name)
"""


def find_imports(path):
    """Yield the first part of each module that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def test_no_code_of_ours_imports_a_module_that_unpickles():
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    assert len(paths) > 300
    assert [str(path) for path in paths if LOADERS & set(find_imports(path))] == []


def test_sessions_messages_signatures_and_caches_are_json():
    assert import_string(settings.SESSION_SERIALIZER) is JSONSerializer
    assert import_string(settings.CHANNEL_SESSION_ENGINE + ".SessionStore")().encode({"a": 1}).startswith("{")
    assert settings.CACHES["default"]["BACKEND"] == "django.core.cache.backends.dummy.DummyCache"
    assert list(settings.CACHES) == ["default"]
    assert import_string(settings.MESSAGE_STORAGE) is FallbackStorage
    assert FallbackStorage.storage_classes == (CookieStorage, SessionStorage)
    assert MessageDecoder.__bases__[0].__name__ == "JSONDecoder"
    assert (
        signing.loads(signing.dumps({"a": 1})) == {"a": 1} and signing.dumps.__defaults__[2] is signing.JSONSerializer
    )


@pytest.mark.process
def test_the_modules_of_the_stack_that_can_unpickle_are_known():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "chatproj.settings", "SECRET_KEY": "x"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = set(done.stdout.split()) - {"__main__", "__mp_main__"}
    assert "pickle" in found and found <= set(CAPABLE), found - set(CAPABLE)
