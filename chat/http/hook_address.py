"""
The address of an incoming webhook, to which other programs post in the format of Slack.

The responses are those of Slack: one word as plain text. The key in the path is the only credential, so a request needs
no CSRF token. `services/hooks` turns the payload into a message.
"""

import logging
import math

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from channels_transport import OUTAGES
from chat import protocol
from chat.protocol import ChatError
from chat.services import hooks, limits

logger = logging.getLogger(__name__)

# The headers in which senders name the id of a request. A repeated request has the same id.
DELIVERY_HEADERS = (
    "HTTP_IDEMPOTENCY_KEY",
    "HTTP_X_GITHUB_DELIVERY",
    "HTTP_X_GITLAB_EVENT_UUID",
    "HTTP_X_GITEA_DELIVERY",
    "HTTP_WEBHOOK_ID",
)


@csrf_exempt
def post(request: HttpRequest, key: str) -> HttpResponse:
    """
    Post a message as a hook. Body: JSON {text, username?, icon_emoji?, attachments?, blocks?}, or a form with this JSON
    in `payload`, or a form with `text` and `username`.

    Return 200 `ok`; 400 `invalid_payload` or `no_text`; 403 `action_prohibited` or `channel_is_archived`; 404
    `no_service`; 405 `method_not_allowed`; 429 `rate_limited`; 503 `unavailable`.
    """
    if request.method != "POST":
        response = _answer("method_not_allowed", 405)
        response["Allow"] = "POST"
        return response
    try:
        return _post(request, key)
    except protocol.CloseConnection:
        return _answer("rate_limited", 429, 10)
    except hooks.HookRefused as refusal:
        return _answer(str(refusal), 403)
    except ChatError as error:
        if error.code == "rate_limited":
            return _answer("rate_limited", 429, error.retry_after)
        raise
    except OUTAGES as outage:
        logger.warning("A webhook could not post because a backend is unavailable: %s", outage)
        return _answer("unavailable", 503, 1)


def _post(request: HttpRequest, key: str) -> HttpResponse:
    hook = hooks.find_hook(key)
    if hook is None:
        # Nobody can guess a key. This limit stops scripts that continue to post after the deletion of their hook.
        limits.check_sign_in_without_password(limits.get_address(request))
        return _answer("no_service", 404)
    is_markup_counted = hooks.check_request(hook, request.body)
    content = _read(request)
    if content is None:
        return _answer("invalid_payload", 400)
    payload = hooks.read_payload(content)
    if payload is None:
        return _answer("no_text", 400)
    hooks.post_by_hook(hook, payload, _find_delivery(request), is_markup_counted)
    return _answer("ok", 200)


def _read(request: HttpRequest) -> dict | None:
    """Return the content of the body, or None if it is neither an object in JSON nor a form."""
    body = request.body
    # Many scripts send JSON without the content type.
    if request.content_type == "application/json" or body.lstrip().startswith(b"{"):
        return _parse(body)
    if "payload" in request.POST:
        return _parse(request.POST["payload"])
    return request.POST.dict() or None


def _parse(text: str | bytes) -> dict | None:
    try:
        return protocol.parse_object(text)
    except ChatError:
        return None


def _find_delivery(request: HttpRequest) -> str | None:
    given = (request.META.get(name) for name in DELIVERY_HEADERS)
    return next((value for value in given if value), None)


def _answer(word: str, status: int, retry_after: float | None = None) -> HttpResponse:
    response = HttpResponse(word, status=status, content_type="text/plain; charset=utf-8")
    if retry_after is not None:
        response["Retry-After"] = str(math.ceil(retry_after))
    return response
