"""The settings of the site, with the presence lease FAULT_LEASE_SECONDS, and with faults that a ref triggers."""

import os

from chatproj.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.injection.FaultsConfig"]  # noqa: F405
CHAT_PRESENCE_LEASE_SECONDS = int(os.environ.get("FAULT_LEASE_SECONDS", 75))
