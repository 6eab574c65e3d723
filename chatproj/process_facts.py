"""
The facts that all processes of this site must have in common, for the setting PROCESS_FACTS of the transport.

`manage.py doctor` compares the facts of the processes. No value of a secret leaves this module.
"""

import hashlib
import os
from typing import Any

from channels_transport.facts import make_digest
from chatproj import environment, local

CODE = "the version of the code"
FOLDERS = ("channels_transport", "chat", "chatproj")
# The facts of the transport contain these, also if `bin/serve` keeps their values in a file.
_DESCRIBED = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL")


def describe() -> dict[str, str]:
    """Return {name: text}: the version of the code, and the settings that must be the same in every process."""
    settings = [setting for setting in environment.SETTINGS.values() if setting.is_shared]
    return {
        CODE: hash_code(),
        **{
            setting.name: _describe(setting, setting.read(os.environ))
            for setting in settings
            if setting.name not in _DESCRIBED
        },
    }


def hash_code() -> str:
    """Return a hash of the Python files of the site."""
    digest = hashlib.sha256()
    for folder in FOLDERS:
        for path in sorted((local.ROOT / folder).rglob("*.py")):
            digest.update(path.relative_to(local.ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _describe(setting: environment.Setting, value: Any) -> str:
    if value is None:
        return ""
    if setting.is_secret:
        return make_digest(setting.name, repr(value))
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
