"""
The settings of this process, as `manage.py settings` lists them: their values, sources and effects.

No value that is a secret leaves this module. It reads the environment and the settings, and changes nothing.
"""

import difflib
import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.conf import settings

from chatproj import environment, local
from chatproj.file_settings import FILE_SETTINGS, FileSetting
from chatproj.setting_kinds import EVERY_PROCESS, Setting

ENVIRONMENT, DEFAULT, FILE = "the environment", "the default", "chatproj/settings.py"
PLATFORM = "the platform (Heroku)"
HIDDEN = "***"
# Heroku sets these by itself for its processes, which have the variable DYNO.
_OF_HEROKU = ("PORT", "DATABASE_URL", "REDIS_URL")
# A variable with one of these beginnings that is no setting may be a misspelt one.
_BEGINNINGS = tuple({name.partition("_")[0] + "_" for name in environment.SETTINGS if "_" in name})
# A variable of the scripts in bin/.
_OTHERS = frozenset({"CHAT_PYTHON"})
# Two names that share less than this part are not the same word misspelt.
_LIKENESS = 0.84


class ListedSetting(NamedTuple):
    """
    One entry of the list. All fields are texts. "***" stands for a secret.

    `restart` names the processes that must start again after a change.
    """

    name: str
    value: str
    source: str
    effect: str
    default: str
    restart: str


def list_settings(variables: Mapping[str, str] = os.environ) -> list[ListedSetting]:
    """Return every setting: first those of the environment, then those of chatproj/settings.py."""
    listed = [_list_variable(setting, variables) for setting in environment.SETTINGS.values()]
    return listed + [_list_file_setting(setting) for setting in FILE_SETTINGS.values()]


def find_misspelt(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return {variable: setting} for each variable whose name is nearly, but not quite, that of a setting."""
    found = {}
    for name in sorted(variables):
        if name in environment.SETTINGS or name in _OTHERS or not name.upper().startswith(_BEGINNINGS):
            continue
        if near := difflib.get_close_matches(name.upper(), environment.SETTINGS, 1, _LIKENESS):
            found[name] = near[0]
    return found


def _list_file_setting(setting: FileSetting) -> ListedSetting:
    value, default = getattr(settings, setting.name), setting.find_default(settings)
    source = DEFAULT if value == default else FILE
    return ListedSetting(setting.name, _show(value), source, setting.effect, _show(default), EVERY_PROCESS)


def _list_variable(setting: Setting, variables: Mapping[str, str]) -> ListedSetting:
    is_of_platform = setting.name in _OF_HEROKU and variables.get("DYNO")
    value, source = setting.read(variables), PLATFORM if is_of_platform else ENVIRONMENT
    if not variables.get(setting.name, "").strip():
        value, source = _find_in_var(setting.name) or (value, DEFAULT)
    shown = HIDDEN if setting.is_secret and value else _show(value)
    if source == DEFAULT and value in (None, [], ()):
        # The documentation's words: what happens without the setting.
        shown = _plain(setting.default_text)
    return ListedSetting(
        setting.name, shown, source, setting.effect, _plain(setting.default_text), restart=setting.restart
    )


def _find_in_var(name: str) -> tuple[str, str] | None:
    """Return (the value, its file) of a setting that `bin/serve` keeps in a file, or None."""
    if name == "SECRET_KEY" and not settings.PUBLIC_URL and (key := local.secret_key()):
        return key, str(local.VAR / "secret-key")
    if name == "REDIS_URL" and (url := local.redis_url()):
        return url, str(local.VAR / "redis-url")
    return None


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, default=str)
    return str(value)


def _plain(text: str) -> str:
    """Return the text without the marks of Markdown."""
    return text.replace("`", "").replace("[below](#who-reads-the-metrics)", "docs/operations.md")
