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
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # Settings say in a sentence what to set; a traceback would bury it.
        sys.exit(str(error))


if __name__ == "__main__":
    main()
