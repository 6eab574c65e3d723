#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatproj.settings")
    if sys.argv[1:2] == ["serve"]:
        # Before Django: settings refuse to load without a secret key, and this is the command that makes one.
        from chatproj.serve import prepare

        prepare()
    from django.conf import settings
    from django.core.exceptions import AppRegistryNotReady, ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        try:
            execute_from_command_line(sys.argv)
        except AppRegistryNotReady:
            # Django goes on without settings that refuse to load. Which of its checks is the first to stop at that is
            # chance (they are a set), and not each says why; the settings do.
            settings.INSTALLED_APPS  # noqa: B018
            raise
    except ImproperlyConfigured as error:
        # Settings say in a sentence what to set; a traceback would bury it.
        sys.exit(str(error))


if __name__ == "__main__":
    main()
