"""
Search for new inputs of one target with atheris, which prefers inputs that reach new code.

    python -m tests.fuzz.search <target> <modules, with commas> <options and folders of libFuzzer>

The search ends with an exit code other than 0 after the first input that fails or hangs. libFuzzer stores this input.
This module must not be imported: it instruments all modules that it imports. `campaign.py` runs it.
"""

import os
import shlex
import sys

import atheris

TIMED_MODULES = ("chat.services.feed_posts", "chat.services.people.logins", "chat.services.presence")


def load_target(name, modules):
    """Return a target. The code of these modules and packages is instrumented."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    with atheris.instrument_imports(include=modules):
        import django

        django.setup()
        from tests.fuzz.targets import TARGETS
    target = TARGETS[name]
    if target.needs_database:
        _make_database()
    return target


def _make_database():
    """Create an empty database for this process, with a site in it. No timer of the site runs."""
    import importlib

    from django.conf import settings
    from django.test.utils import setup_databases, setup_test_environment

    from tests.fuzz.harnesses.site import make_site

    setup_test_environment(debug=False)
    settings.CHAT_LIMITS_ON = False
    for module in TIMED_MODULES:
        importlib.import_module(module).call_later = lambda *arguments: True
    setup_databases(verbosity=0, interactive=False)
    make_site()


if __name__ == "__main__":
    import logging

    name, modules, *options = sys.argv[1:]
    chosen = load_target(name, modules.split(","))
    # The refusals of invalid input are warnings. Millions of them would only cost time.
    logging.getLogger().handlers.clear()
    # To merge inputs, libFuzzer starts this command in a shell.
    command = shlex.join([sys.executable, "-m", "tests.fuzz.search", name, modules])
    atheris.Setup([command, *options], chosen.check)
    atheris.Fuzz()
