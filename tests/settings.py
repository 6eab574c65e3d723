"""
The product's settings for unit tests, which run in one process, without a running site and without files in `var/`.

Live tests start real processes with the product's own settings instead.
"""

import atexit
import os
import shutil
import tempfile

from tests.shell_settings import SHELL_SETTINGS

for _name in SHELL_SETTINGS:
    os.environ.pop(_name, None)
os.environ.setdefault("SECRET_KEY", "for tests only")
if "CHAT_VAR" not in os.environ:
    os.environ["CHAT_VAR"] = tempfile.mkdtemp(prefix="chat-tests-")
    atexit.register(shutil.rmtree, os.environ["CHAT_VAR"], ignore_errors=True)

from chatproj.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
CHAT_ECHO = True
# Each test client makes a handler of its own. Without this setting, each handler's WhiteNoise reads the list of all
# static files, which takes 10 ms.
WHITENOISE_AUTOREFRESH = True
