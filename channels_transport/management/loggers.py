"""The log lines that Channels' own loggers write in the commands of the transport."""

from __future__ import annotations

from channels import log

from channels_transport.json_lines import make_formatter
from channels_transport.log_stream import get_stream


def format_channels_log() -> None:
    """Set this package's formatter on the handler that Channels adds to its own loggers and to Daphne's loggers."""
    log.handler.setFormatter(make_formatter())
    log.handler.stream = get_stream(log.handler.stream)
