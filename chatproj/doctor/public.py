"""Check PUBLIC_URL as a browser uses it: the host name, the certificate, the proxy, and a websocket."""

import http.client
import socket
import ssl

from django.conf import settings
from websockets.exceptions import InvalidHandshake, WebSocketException

from channels_transport import Finding
from channels_transport.doctor.findings import one_line
from channels_transport.doctor.round_trip import open_echo
from channels_transport.doctor.site import Site

# A worker answers the first path. The socket at the second path accepts everybody.
PATH, SOCKET_PATH = "/api/session/", "/lobby/"
REDIRECTS = (301, 302, 307, 308)


def check_public_url() -> list[Finding]:
    """Report whether a request and a websocket reach the site at PUBLIC_URL. A site without it gets no report."""
    if not settings.PUBLIC_URL:
        return []
    site = Site(settings.PUBLIC_URL)
    try:
        problem = _try_request(site) or _try_socket(site)
    except TimeoutError:
        # In many networks, a machine cannot reach its own public address.
        text = f"{site.url} does not answer this machine, so the way through the proxy was not checked."
        return [Finding.ok("public url", text)]
    if problem:
        return [Finding.problem("public url", problem)]
    return [Finding.ok("public url", f"A request and a websocket reach the site at {site.url}.")]


def _try_request(site: Site) -> str | None:
    try:
        status, headers, _ = site.get(PATH)
    except socket.gaierror:
        return f"The host of PUBLIC_URL ({site.host}) has no address: correct PUBLIC_URL, or the entry in the DNS."
    except ssl.SSLCertVerificationError as error:
        return f"The certificate of {site.url} is not valid ({one_line(error)}): renew it, or correct PUBLIC_URL."
    except ssl.SSLError as error:
        return (
            f"{site.url} does not answer with TLS ({one_line(error)}): set up TLS in the proxy, or correct PUBLIC_URL."
        )
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException) as error:
        return f"{site.url} cannot be reached ({one_line(error)}): start the proxy, or correct PUBLIC_URL."
    if status == 200:
        return None
    if status in REDIRECTS and headers.get("Location", "") == f"{site.url}{PATH}":
        return (
            f"{site.url} redirects to itself, because the proxy does not say that the client uses TLS: let the proxy"
            " send X-Forwarded-Proto with the scheme of the client."
        )
    if status in REDIRECTS:
        return f"{site.url}{PATH} redirects to another address: set PUBLIC_URL to the address that people use."
    if status == 400:
        return f"{site.url} answers 400: add its host to ALLOWED_HOSTS, or let the proxy pass on the header Host."
    if status >= 500:
        return f"{site.url}{PATH} answers {status}: look at the logs of the proxy, the interfaces and the workers."
    return f"{site.url}{PATH} answers {status}: let the proxy pass every path on to the interfaces."


def _try_socket(site: Site) -> str | None:
    try:
        with open_echo(site, SOCKET_PATH):
            return None
    except TimeoutError:
        reason = "gets no answer"
    except InvalidHandshake as error:
        reason = f"is refused ({one_line(error)})"
    except (OSError, EOFError, WebSocketException) as error:
        reason = f"fails ({one_line(error)})"
    return (
        f"A websocket to {site.url} {reason}, so all pages poll: let the proxy pass on Upgrade, Connection, Host and"
        " Origin."
    )
