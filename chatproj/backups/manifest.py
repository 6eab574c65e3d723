"""The manifest of a backup: what the archive contains, from which version, and the checksums."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

FORMAT = 2  # a reader refuses higher numbers
NAME = "manifest.json"
BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class KeptFile:
    """A file outside of the database: its name, its size in bytes, and its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """
    Describes the content of an archive.

    - `made_at`: ISO 8601 in UTC.
    - `database`: "sqlite" or "postgresql"; `file`: the name of its copy in the archive.
    - `size` in bytes and `sha256` of the copy.
    - `migrations`: {app: name of its newest migration}.
    - `counts`: {table: number of rows}, in the snapshot of the copy.
    - `files`: the files outside of the database, in their order in the archive. Format 1 has none.
    """

    format: int
    made_at: str
    database: str
    file: str
    size: int
    sha256: str
    migrations: dict[str, str]
    counts: dict[str, int]
    files: list[KeptFile] = field(default_factory=list)

    def dump(self) -> bytes:
        """Return the manifest as JSON."""
        return json.dumps(asdict(self), indent=2, sort_keys=True).encode()

    @classmethod
    def load(cls, text: bytes) -> "Manifest":
        """Return the manifest from its JSON. Raise ValueError if the text is not a manifest, or has a newer format."""
        try:
            values = json.loads(text)
            if values["format"] > FORMAT:
                raise ValueError(f"a newer version of this site has made it (format {values['format']})")
            return cls(**{**values, "files": [KeptFile(**file) for file in values.get("files", [])]})
        except (TypeError, KeyError) as error:
            raise ValueError(f"{NAME} is not the manifest of a backup") from error


def make_manifest(
    path: Path, database: str, migrations: dict[str, str], counts: dict[str, int], files: list[KeptFile]
) -> Manifest:
    """Return the manifest of a copy of the database at `path`, and of files."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Manifest(FORMAT, now, database, path.name, path.stat().st_size, digest(path), migrations, counts, files)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(BLOCK_BYTES):
            found.update(block)
    return found.hexdigest()
