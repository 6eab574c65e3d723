"""
The security headers of every response, for the setting INTERFACE_HEADERS. docs/architecture.md explains most of them.

The interface adds each header to the responses that have none of the same name. Under other servers,
`chat.http.security_middleware` adds them. This module reads no settings: its functions take the values as arguments.
"""

from collections.abc import Mapping

# The policy has no `default-src 'self'`, so a kind of content that no page uses is blocked. Without `unsafe-inline`,
# browsers ignore scripts, styles and handlers in the pages themselves. The admin has the same policy.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
    "media-src": "'self'",
    "frame-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# Browsers know these features. The pages use only USED_FEATURES: links are copied, and a notification makes a sound.
USED_FEATURES = ("autoplay", "clipboard-write")
UNUSED_FEATURES = (
    *("accelerometer", "camera", "clipboard-read", "display-capture", "encrypted-media", "fullscreen"),
    *("gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone"),
    *("midi", "payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial", "sync-xhr"),
    *("usb", "window-management", "xr-spatial-tracking"),
)
HSTS = "Strict-Transport-Security"
CSP = "Content-Security-Policy"


def make_headers(public_url: str | None, hsts_seconds: int, hsts_scope: str) -> dict[str, str]:
    """
    Return {name: value} of the headers.

    `public_url` is the setting PUBLIC_URL. `hsts_scope` is `host`, `subdomains` or `preload`. The header HSTS is left
    out if the site has no https address or `hsts_seconds` is 0.
    """
    headers = {
        CSP: write_policy(allow_sockets(POLICY, public_url) if public_url else POLICY),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": _write_features(),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    if public_url and public_url.startswith("https://") and hsts_seconds:
        extent = {"host": "", "subdomains": "; includeSubDomains", "preload": "; includeSubDomains; preload"}
        headers[HSTS] = f"max-age={hsts_seconds}{extent[hsts_scope]}"
    return headers


def allow_sockets(policy: Mapping[str, str], origin: str) -> dict[str, str]:
    """
    Return a policy that also allows the websockets of an origin such as `https://chat.example.com`.

    Safari before version 15.4 does not count websockets of the same host as `'self'`.
    """
    return {**policy, "connect-src": f"'self' ws{origin.removeprefix('http')}"}


def write_policy(policy: Mapping[str, str]) -> str:
    """Return a policy as the value of the header."""
    return "; ".join(f"{directive} {sources}" for directive, sources in policy.items())


def _write_features() -> str:
    return ", ".join([*(f"{name}=(self)" for name in USED_FEATURES), *(f"{name}=()" for name in UNUSED_FEATURES)])
