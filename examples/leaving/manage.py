#!/usr/bin/env python
"""Run a command of one of the sites: DJANGO_SETTINGS_MODULE is before.settings or after.settings."""

import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
