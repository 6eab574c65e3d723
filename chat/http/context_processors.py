"""The context processors: values that every template gets."""

from django.http import HttpRequest

from chat.services import people
from chat.version import CLIENT_VERSION


def client_version(request: HttpRequest) -> dict[str, str]:
    """Return the version of the client's scripts and styles as `client_version`."""
    return {"client_version": CLIENT_VERSION}


def page_key(request: HttpRequest) -> dict[str, object]:
    """Return the key of the signed-in person as `page_key`. The person is read only if a template uses it."""
    return {"page_key": lambda: people.get_page_key(request.user)}


def theme(request: HttpRequest) -> dict[str, object]:
    """Return the colours that the person prefers as `theme`: system, light or dark. They are read only if needed."""
    return {"theme": lambda: people.get_preferences(request.user).theme if request.user.is_authenticated else "system"}
