"""
Middleware: the security headers of responses, and the redirects from http to https.

Both use the settings, and no rows. The interface adds the same headers to the responses that it makes itself.
"""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]

# A load balancer asks for these without TLS, and takes a redirect for a failure.
NEVER_REDIRECTED = ("/healthz", "/readyz", "/metrics")
# SecurityMiddleware of Django sends this header, and only over TLS.
HSTS = "Strict-Transport-Security"
CSP = "Content-Security-Policy"
OWN_SOCKETS = "connect-src 'self'"


class HeadersMiddleware:
    """Add the headers of the setting INTERFACE_HEADERS that the response itself does not have."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header(CSP) and not settings.PUBLIC_URL:
            response[CSP] = _allow_sockets(request, settings.INTERFACE_HEADERS[CSP])
        for name, value in settings.INTERFACE_HEADERS.items():
            if name != HSTS:
                response.setdefault(name, value)
        return response


def _allow_sockets(request: HttpRequest, policy: str) -> str:
    """Return a policy that also allows the sockets of the host that the request names."""
    try:
        host = request.get_host()
    except DisallowedHost:
        return policy
    return policy.replace(OWN_SOCKETS, f"{OWN_SOCKETS} {'wss' if request.is_secure() else 'ws'}://{host}")


class RedirectToTLSMiddleware:
    """
    Redirect a request without TLS to the same path of PUBLIC_URL, if that is an https address.

    The request counts as one without TLS only if a trusted proxy says so with X-Forwarded-Proto. Without
    this header, the site does not know whether the proxy has TLS, and a redirect could repeat without end.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        address = find_tls_address(request.META.get("HTTP_X_FORWARDED_PROTO"), request.path, request.get_full_path())
        return self.get_response(request) if address is None else redirect(request.method or "", address)


def find_tls_address(scheme: str | None, path: str, full_path: str) -> str | None:
    """Return the https address to which a request must be redirected, or None. `scheme` is the proxy's header."""
    public_url: str | None = settings.PUBLIC_URL
    if not public_url or not public_url.startswith("https://") or not settings.TRUSTED_PROXIES or scheme != "http":
        return None
    # Only the path comes from the request, and it begins with a slash. So the address is always one of this site.
    return None if path in NEVER_REDIRECTED or not full_path.startswith("/") else public_url + full_path


def redirect(method: str, address: str) -> HttpResponse:
    """Return a permanent redirect. With 308, a client keeps the method and the body of a POST."""
    response = HttpResponse(status=301 if method in ("GET", "HEAD") else 308)
    response["Location"] = address
    return response
