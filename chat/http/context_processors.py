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


def preferences(request: HttpRequest) -> dict[str, object]:
    """
    Return two preferences of the person. They are read once per request, and only if a template uses them.

    - `theme`: the colours: system, light or dark.
    - `opens_at`: where a room opens: unread or last.
    """

    def read() -> object:
        # A request that failed before the middleware of the language has no preferences.
        return getattr(request, "read_preferences", lambda: None)()

    return {
        "theme": lambda: getattr(read(), "theme", "system"),
        "opens_at": lambda: getattr(read(), "opens_at", "unread"),
    }
