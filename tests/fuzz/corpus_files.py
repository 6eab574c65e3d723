"""The files of the corpus: where they are, and how a new one is named. This module runs no target."""

import hashlib
from pathlib import Path

from tests.fuzz.target import Target

CORPUS = Path(__file__).resolve().parent / "corpus"
MOST_BYTES = 300_000  # of all files together
MOST_BYTES_PER_TARGET = 15_000  # the limit for `--keep`; inputs that have failed are stored above this limit too
FAILED = "failed-"  # the name of each input that has failed begins with this


def list_inputs(target: Target) -> list[Path]:
    """Return the files of a target's corpus, in a fixed order."""
    return sorted(path for path in (CORPUS / target.name).glob("*") if path.is_file())


def keep_input(target: Target, data: bytes, prefix: str = "") -> Path:
    """
    Store an input in the corpus of a target, and return its path.

    Its name is the prefix with a part of the content's digest.
    """
    folder = CORPUS / target.name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{prefix}{hashlib.sha1(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path
