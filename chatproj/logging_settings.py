"""The Django setting LOGGING, made from the settings of the environment. This module logs nothing."""

from typing import Any

_FORMATTERS = {"text": "log_lines.LineFormatter", "json": "json_lines.JsonFormatter"}


def make_logging(level: str, log_format: str) -> dict[str, Any]:
    """Return LOGGING: every record of at least `level` is one line on the standard error, as text or as JSON."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"channels_transport.{_FORMATTERS[log_format]}"}},
        "handlers": {"console": {"class": "channels_transport.log_stream.LogHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        # By default, Django mails errors to ADMINS, and `django.server` has a handler of its own. Here, all records are
        # only logged.
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # boto3 logs at the level INFO where it has found its settings.
            "botocore": {"level": level if level == "DEBUG" else "WARNING"},
            # Daphne warns of each refused handshake during an outage of Redis. Another log line reports the outage
            # once.
            "daphne.ws_protocol": {"level": level if level == "DEBUG" else "ERROR"},
        },
    }
