#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from chatproj import json_errors


def main():
    """Run the command in the arguments of the process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatproj.settings")
    json_errors.install()
    if sys.argv[1:2] == ["serve"]:
        # Call this before Django loads the settings, because they require the secret key that this call creates.
        from chatproj.serve import prepare

        prepare()
    from django.conf import settings
    from django.core.exceptions import AppRegistryNotReady, ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        try:
            execute_from_command_line(sys.argv)
        except AppRegistryNotReady:
            # Django continues without settings that fail to load, and then a check fails. The checks run in any order,
            # and not every check names the reason. Reading the settings again raises the error with the reason.
            settings.INSTALLED_APPS  # noqa: B018
            raise
    except ImproperlyConfigured as error:
        # The error text of the settings says what to set; a traceback would hide it.
        sys.exit(str(error))


if __name__ == "__main__":
    main()
