"""
The options of `manage.py interface`. Most of them have the names and the meaning of Daphne's options.

The defaults of the timeouts differ: this package's interface answers sooner, and does not close a websocket because of
its age.
"""

from __future__ import annotations

from typing import Any

from channels import DEFAULT_CHANNEL_LAYER
from daphne.server import build_endpoint_description_strings
from django.conf import settings
from django.core.management.base import CommandParser

from channels_transport.interface import HANDSHAKE_SECONDS, AccessLog

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000
# A negative timeout means none. The server then waits for this time, three years.
NEVER_SECONDS = 10**8


def add_arguments(parser: CommandParser) -> None:
    """Add all options to the parser of the command."""
    _add_addresses(parser)
    _add_timeouts(parser)
    _add_proxies(parser)
    add = parser.add_argument
    add("--layer", default=DEFAULT_CHANNEL_LAYER, help="The alias of the channel layer (default: %(default)s).")
    add("--ws-protocol", nargs="*", dest="ws_protocols", help="The WebSocket subprotocols that the server speaks.")
    add("--access-log", help="The file for a line about each request and websocket; - is the standard output.")
    text = "The longest {}, in bytes; 0: no limit (default: the setting INTERFACE_LIMITS, or {})."
    add("--max-body-bytes", type=int, help=text.format("body of a request", "1 MiB"))
    add("--max-frame-bytes", type=int, help=text.format("message of a websocket", "64 KiB"))


def _add_addresses(parser: CommandParser) -> None:
    add = parser.add_argument
    add("-b", "--bind", "--host", help=f"The address to listen on (default: {DEFAULT_HOST}).")
    add("-p", "--port", type=int, help=f"The port to listen on (default: {DEFAULT_PORT}).")
    add("-u", "--unix-socket", help="The path of a Unix socket to listen on, instead of an address.")
    add("--fd", type=int, help="The number of an open socket to listen on, instead of an address.")
    add("-e", "--endpoint", action="append", default=[], help="A Twisted endpoint to listen on, for TLS as well.")


def _add_timeouts(parser: CommandParser) -> None:
    add = parser.add_argument
    add("-t", "--http-timeout", type=int, default=30, help="Seconds before a request gets 503 (default: 30).")
    names = ["--handshake-timeout", "--websocket_connect_timeout", "--websocket-connect-timeout"]
    text = f"Seconds before a websocket handshake gets 503; -1: no limit (default: {HANDSHAKE_SECONDS})."
    add(*names, type=int, default=HANDSHAKE_SECONDS, dest="handshake_timeout", help=text)
    text = "Seconds before a websocket is closed; -1: no limit (default: -1)."
    add("--websocket_timeout", "--websocket-timeout", type=int, default=-1, dest="websocket_timeout", help=text)
    # The default is longer than the time between two heartbeats, so a client that sends heartbeats gets no pings.
    add("--ping-interval", type=int, default=40, help="Seconds of silence before a ping (default: 40).")
    add(
        "--ping-timeout",
        type=int,
        default=30,
        help="Seconds before an unanswered ping closes a websocket (default: 30).",
    )


def _add_proxies(parser: CommandParser) -> None:
    add = parser.add_argument
    proxies = getattr(settings, "TRUSTED_PROXIES", 0)
    text = f"The number of trusted proxies in front of the server (default: the setting TRUSTED_PROXIES, {proxies})."
    add("--trusted-proxies", type=int, default=proxies, help=text)
    add(
        "--proxy-headers",
        action="store_true",
        help="Use X-Forwarded-For, X-Forwarded-Port and X-Forwarded-Proto of the proxy in front of the server."
        " Several proxies also need --trusted-proxies.",
    )
    add("--root-path", default="", help="The path below which a proxy serves the site: SCRIPT_NAME.")


def find_endpoints(options: dict[str, Any]) -> list[str]:
    """Return the endpoints to listen on: those of the options, or else the default address."""
    host, port = options["bind"], options["port"]
    others = options["endpoint"] or options["unix_socket"] or options["fd"] is not None
    if host or port is not None or not others:
        host = host or DEFAULT_HOST
        port = DEFAULT_PORT if port is None else port
    tcp = _describe_address(host, port) if host else []
    unix = build_endpoint_description_strings(unix_socket=options["unix_socket"], file_descriptor=options["fd"])
    return [*options["endpoint"], *tcp, *unix]


def _describe_address(host: str, port: int) -> list[str]:
    # Daphne's function takes no port 0, which means any free port.
    (description,) = build_endpoint_description_strings(host=host, port=port or 1)
    return [description if port else description.replace("port=1:", "port=0:", 1)]


def server_arguments(options: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of the interface server. Raise OSError if the access log cannot be opened."""
    handshake = options["handshake_timeout"]
    given_limits = {name: options[name] for name in ("max_body_bytes", "max_frame_bytes")}
    trusted_proxies = options["trusted_proxies"]
    given: dict[str, Any] = {}
    if options["proxy_headers"]:
        trusted_proxies = trusted_proxies or 1
        given["proxy_forwarded_port_header"] = "X-Forwarded-Port"
    if options["access_log"]:
        given["action_logger"] = AccessLog(options["access_log"])
    return {
        **given,
        "endpoints": find_endpoints(options),
        "http_timeout": options["http_timeout"],
        "websocket_handshake_timeout": NEVER_SECONDS if handshake < 0 else handshake,
        "websocket_timeout": options["websocket_timeout"],
        "ping_interval": options["ping_interval"],
        "ping_timeout": options["ping_timeout"],
        "trusted_proxies": trusted_proxies,
        "root_path": options["root_path"],
        "ws_protocols": options["ws_protocols"],
        "limits": {name: value or None for name, value in given_limits.items() if value is not None},
    }
