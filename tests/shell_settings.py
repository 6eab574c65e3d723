"""The settings that a developer's shell may have set for a chat. No test may use them."""

from chatproj.environment import SETTINGS

# bin/test, or a test itself, sets these.
OWN = {"CHAT_VAR", "DATABASE_URL", "SECRET_KEY"}
SHELL_SETTINGS = tuple(name for name in SETTINGS if name not in OWN)
