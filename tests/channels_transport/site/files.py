"""The files of the site, in the folder that CHAT_VAR names."""

import os
from pathlib import Path

MOST_BYTES = 200_000_000
PART_BYTES = 100_000


def find_path(name):
    return Path(os.environ["CHAT_VAR"]) / "uploads" / name


class Writer:
    def __init__(self, name):
        self.path, self.unfinished = find_path(name), find_path(f"{name}.new")
        self.path.parent.mkdir(exist_ok=True)
        self.file = open(self.unfinished, "wb")  # noqa: SIM115 (finish and discard close it)

    def write(self, data):
        self.file.write(data)

    def finish(self):
        self.file.close()
        self.unfinished.rename(self.path)

    def discard(self):
        self.file.close()
        for path in (self.unfinished, self.path):
            path.unlink(missing_ok=True)


def create(name, most_bytes):
    return Writer(name)


def read(name, first, length):
    """Yield a range of a file, and close the file afterwards."""
    with open(find_path(name), "rb") as file:
        file.seek(first)
        while length > 0 and (data := file.read(min(PART_BYTES, length))):
            yield data
            length -= len(data)
