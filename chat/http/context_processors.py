"""The context processor: values that every template gets."""

from django.http import HttpRequest

from chat.version import CLIENT_VERSION


def client_version(request: HttpRequest) -> dict[str, str]:
    """Return the version of the client's scripts and styles as `client_version`."""
    return {"client_version": CLIENT_VERSION}
