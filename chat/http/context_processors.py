"""The context processors: values for every template that a view renders with its request."""

from django.conf import settings
from django.http import HttpRequest

from chat.services import account_invitations, entry, mails, people, push
from chat.services.people import openid
from chat.version import CLIENT_VERSION


def client_version(request: HttpRequest) -> dict[str, str]:
    """Return the version of the client's scripts and styles as `client_version`."""
    return {"client_version": CLIENT_VERSION}


def site_entry(request: HttpRequest) -> dict[str, object]:
    """
    Return who may enter the site, as `entry`.

    - `guests`: whether people may enter without an account.
    - `passwords`: whether everybody may sign in with a password.
    - `sign_up`: who may create an account: `open`, `invitation` or `closed`. If passwords and OpenID Connect have
      different modes, this is the less strict one.
    - `openid_name`: the name of the provider of OpenID Connect, or None.
    - `invites`: whether the signed-in person may make links for new accounts.
    """
    modes = {entry.get_sign_up_mode(), *([entry.get_sign_up_mode(with_openid=True)] if openid.is_enabled() else [])}
    return {
        "entry": {
            "guests": settings.CHAT_GUESTS,
            "passwords": not settings.OIDC_ONLY,
            "sign_up": next(mode for mode in (entry.OPEN, entry.INVITATION, entry.CLOSED) if mode in modes),
            "openid_name": settings.OIDC_NAME if openid.is_enabled() else None,
            "invites": lambda: account_invitations.can_make(request.user),
        }
    }


def mail(request: HttpRequest) -> dict[str, bool]:
    """Return whether the site sends mails, as `has_mail`."""
    return {"has_mail": mails.is_mail_on()}


def installed_app(request: HttpRequest) -> dict[str, bool]:
    """Return whether pages have the service worker (`has_worker`), and whether they offer pushes (`has_push`)."""
    has_worker = settings.CHAT_SERVICE_WORKER
    return {"has_worker": has_worker, "has_push": has_worker and push.is_push_on()}


def page_key(request: HttpRequest) -> dict[str, object]:
    """Return the key of the signed-in person as `page_key`. The person is read only if a template uses it."""
    return {"page_key": lambda: people.get_page_key(request.user)}


def preferences(request: HttpRequest) -> dict[str, object]:
    """
    Return three preferences of the person. They are read once per request, and only if a template uses them.

    - `theme`: the colours: system, light or dark.
    - `opens_at`: where a room opens: unread or last.
    - `hide_previews`: whether messages appear without the previews of their links.
    """

    def read() -> object:
        # A request that failed before the middleware of the language has no preferences.
        return getattr(request, "read_preferences", lambda: None)()

    return {
        "theme": lambda: getattr(read(), "theme", "system"),
        "opens_at": lambda: getattr(read(), "opens_at", "unread"),
        "hide_previews": lambda: getattr(read(), "hide_previews", None),
    }
