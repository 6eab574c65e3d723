"""
The files that `bin/serve` keeps in `var/`, and the functions with which the commands of `manage.py` find them.

The settings import this module, so it uses only the standard library. It starts nothing.
"""

import contextlib
import fcntl
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

# What `bin/serve` and its processes write into `var/`.
OWN_NAMES = frozenset(
    {
        *("secret-key", "serve.lock", "redis-url", "processes", "processes.new", "log", "static", "bundles", "files"),
        "last-backup",
    }
)
OWN_PREFIXES = ("db.sqlite3", "supervisord.", "valkey", ".secret-key.", ".redis-url.", ".valkey", ".supervisord")
ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("CHAT_VAR", "").strip() or ROOT / "var").absolute()


def secret_key() -> str | None:
    """Return the secret key of this folder, or None if `bin/serve` has never run."""
    return _read(VAR / "secret-key")


def ensure_secret_key() -> str:
    """Return the secret key of this folder. Create the key, with mode 600, if there is none."""
    path = VAR / "secret-key"
    if not secret_key():
        make_var()
        temporary = _write_temporary(path, secrets.token_urlsafe(48))
        try:
            # A link fails if the file exists, so two processes that start at once both use the key of the first.
            os.link(temporary, path)
        except FileExistsError:
            if not secret_key():
                os.replace(temporary, path)
        temporary.unlink(missing_ok=True)
    return secret_key()


def redis_url() -> str | None:
    """Return the URL of the embedded Valkey while `serve` runs in this folder, else None."""
    return _read(VAR / "redis-url") if is_serve_running() else None


def site_url(port: int | None) -> str:
    """
    Return the address at which this machine reaches the site: the address of a running `serve`, else 127.0.0.1.

    `port` is the port that the environment gives, or None. If `serve` uses another port than `port`, its address is
    ignored.
    """
    served = _served_url() if is_serve_running() else None
    if served and port in (None, urlsplit(served).port):
        return served
    return f"http://127.0.0.1:{port or 8000}"


def _served_url() -> str | None:
    # The lock contains the pid of `serve` and its address, once `serve` has chosen it.
    _, _, url = (_read(VAR / "serve.lock") or "").partition(" ")
    return url.rstrip("/") or None


def database_url() -> str:
    """Return the URL of the SQLite database in `var/`, for settings without DATABASE_URL."""
    return f"sqlite:///{quote(str(VAR / 'db.sqlite3'))}"


def is_serve_running() -> bool:
    """Return whether `serve` or one of its children holds this folder's lock."""
    try:
        with open(VAR / "serve.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def note_backup() -> None:
    """Store the time of a backup that has just been made, for `doctor`. If the time cannot be stored, do nothing."""
    with contextlib.suppress(OSError):
        write_private("last-backup", datetime.now(UTC).isoformat())


def read_backup_time() -> datetime | None:
    """Return when the last backup with this folder was made, or None if there is none or its note cannot be read."""
    with contextlib.suppress(OSError, ValueError):
        return datetime.fromisoformat(_read(VAR / "last-backup") or "")
    return None


def make_var() -> Path:
    """Create `var/` with mode 700, because it contains the database, the key and the logs. Return its path."""
    VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
    return VAR


def make_private() -> None:
    """
    Let no other user read what `serve` has written into `var/`, also the files of an earlier version.

    The folder itself is changed only if it contains nothing else: it may be a folder that other programs use too.
    Links are left alone. What this user may not change stays as it is.
    """
    # New files of this process and its children are for this user alone.
    os.umask(0o077)
    VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = [entry for entry in VAR.iterdir() if entry.name in OWN_NAMES or entry.name.startswith(OWN_PREFIXES)]
    if len(own) == len(list(VAR.iterdir())):
        _withdraw(VAR)
    for entry in own:
        for path in (entry, *(entry.rglob("*") if entry.is_dir() and not entry.is_symlink() else ())):
            _withdraw(path)


def _withdraw(path: Path) -> None:
    """Take all rights on a file or folder from other users."""
    with contextlib.suppress(OSError):
        if not path.is_symlink():
            mode = path.stat().st_mode
            if mode & 0o077:
                path.chmod(mode & 0o700)


def write_private(name: str, text: str) -> Path:
    """Write `var/<name>` with mode 600 in one step: a reader sees either the old or the new text. Return its path."""
    path = make_var() / name
    os.replace(_write_temporary(path, text), path)
    return path


def _write_temporary(path: Path, text: str) -> Path:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(descriptor)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except FileNotFoundError:
        return None
