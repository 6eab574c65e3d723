"""Helpers for the tests of buckets: files, and what doctor says about a bucket."""

from chat.services import files
from chat.services.files import s3


def save(*parts):
    """Store a file with these parts, and return its name."""
    writer = files.create(files.make_name("results"))
    for part in parts:
        writer.write(part)
    writer.finish()
    return writer.name


def content(name):
    return b"".join(files.read(name))


def find_problem(monkeypatch, settings, address, **variables):
    """Return what doctor says about a bucket with these variables of the environment."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings.CHAT_FILES = address
    s3.connect.cache_clear()
    try:
        return files.find_problem()
    finally:
        s3.connect.cache_clear()
