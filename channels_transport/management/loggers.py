"""The log lines that Channels' own loggers write in the commands of the transport."""

from channels import log

from channels_transport.log_lines import LineFormatter


def format_channels_log() -> None:
    """Give the handler that Channels adds to its loggers and to Daphne's the formatter of this package."""
    log.handler.setFormatter(LineFormatter())
