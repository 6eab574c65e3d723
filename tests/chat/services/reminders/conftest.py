"""Fixtures for the tests of reminders."""

from tests.chat.services.commands.conftest import run

__all__ = ["run"]
