"""
The facts that all processes of a site must have in common, such as SECRET_KEY and the database.

Each process adds its facts to its reports, and `manage.py doctor` compares them. The setting PROCESS_FACTS names a
function that returns more facts of the site. A fact contains no secret: in place of a secret, it has a digest, which
only a process with the same SECRET_KEY can reproduce.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.module_loading import import_string

from .redis_url import split_urls
from .version import __version__

logger = logging.getLogger(__name__)

# The number of hexadecimal digits of a digest. Two different values have the same digest once in four billion cases.
DIGEST_DIGITS = 8
HIDDEN = "#"  # begins the digest of a secret
SECRET_KEY, VERSION = "SECRET_KEY", "the version of channels_transport"


def make_digest(name: str, value: str) -> str:
    """Return a digest of a secret, from which nobody without SECRET_KEY can guess the secret."""
    key = str(settings.SECRET_KEY).encode()
    return HIDDEN + hmac.new(key, f"fact {name} {value}".encode(), hashlib.sha256).hexdigest()[:DIGEST_DIGITS]


@lru_cache(maxsize=1)
def describe_facts() -> dict[str, str]:
    """Return {name: text} of the facts that the processes of a site must have in common. They are read once."""
    facts = {VERSION: __version__, SECRET_KEY: make_digest(SECRET_KEY, ""), **_describe_servers()}
    path = getattr(settings, "PROCESS_FACTS", None)
    if path:
        try:
            facts.update(import_string(path)())
        except Exception:
            # A process must not end because its facts cannot be read.
            logger.exception("The facts of PROCESS_FACTS cannot be read")
    return facts


def _describe_servers() -> dict[str, str]:
    """Return the addresses of the servers, without users and passwords."""
    database = settings.DATABASES.get("default", {})
    place = ":".join(str(database[part]) for part in ("HOST", "PORT") if database.get(part))
    config = getattr(settings, "CHANNEL_LAYERS", {}).get("default", {}).get("CONFIG", {})
    urls = [url for host in config.get("hosts", []) if isinstance(host, str) for url in split_urls(host)]
    return {
        "the database": f"{place}/{database.get('NAME', '')}".replace("//", "/"),
        "the Redis servers": ", ".join(map(_hide_credentials, urls)),
    }


def _hide_credentials(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if "," in rest:  # addresses of Sentinels
        return rest.rpartition("@")[2].partition("?")[0]
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] + parts.path
