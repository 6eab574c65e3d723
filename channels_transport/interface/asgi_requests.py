"""The message of an HTTP request without its body, in the form of `http.request`, as Daphne makes it."""

from __future__ import annotations

import time
from typing import Any

from daphne.utils import parse_x_forwarded_for


def describe_request(request: Any) -> dict[str, Any]:
    """Return the message, and set the attributes of Daphne's request that its other methods use."""
    factory = request.factory
    request.request_start = time.time()
    request.client_addr, request.server_addr = _describe_end(request.client), _describe_end(request.host)
    request.client_scheme = "https" if request.isSecure() else "http"
    if factory.proxy_forwarded_address_header:
        request.client_addr, request.client_scheme = parse_x_forwarded_for(
            request.requestHeaders,
            factory.proxy_forwarded_address_header,
            factory.proxy_forwarded_port_header,
            factory.proxy_forwarded_proto_header,
            request.client_addr,
            request.client_scheme,
        )
    request.query_string = request.uri.partition(b"?")[2]
    request.root_path = factory.root_path
    # A header with an underscore would be the same as one with a hyphen for Django (CVE-2015-0219).
    headers = [(name, values) for name, values in request.requestHeaders.getAllRawHeaders() if b"_" not in name]
    request.clean_headers = [(name.lower(), value) for name, values in headers for value in values]
    return {
        "reply_channel": request.reply_channel,
        "http_version": request.clientproto.split(b"/")[-1].decode("ascii"),
        "method": request.method.decode("ascii"),
        "path": request.unquote(request.path),
        "root_path": request.root_path,
        "scheme": request.client_scheme,
        "query_string": request.query_string,
        "headers": request.clean_headers,
        "client": request.client_addr,
        "server": request.server_addr,
    }


def _describe_end(address: Any) -> list[Any] | None:
    return [str(address.host), address.port] if hasattr(address, "host") and hasattr(address, "port") else None
