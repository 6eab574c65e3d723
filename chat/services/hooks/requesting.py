"""
The request of an outgoing hook: its body, its signature, and the meaning of its response.

The receiver checks the signature with the secret of the hook: see docs/bots.md. This module reads rows and writes none.
"""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

from chat import protocol
from chat.models import Hook, HookDelivery, Message
from chat.services import outgoing, rooms
from chat.services.secret_box import UnreadableSecret, decrypt

from .making import name_owner

SECONDS = 10  # for the whole request
MOST_BYTES = 64 * 1024  # of a response
TIMESTAMP_HEADER, SIGNATURE_HEADER, DELIVERY_HEADER = "X-Chat-Timestamp", "X-Chat-Signature", "X-Chat-Delivery"
# After these statuses and those from 500 on, another try may succeed. After any other error status, it would fail
# again.
TEMPORARY = (408, 425, 429)
TEST_TEXT = "This is a test of the webhook."


@dataclass(frozen=True)
class Response:
    """
    The result of a request.

    - `status`, `milliseconds`: of the response, or None if there was none;
    - `error`: why the request failed, or "" if it succeeded; `is_final`: another try would fail too;
    - `content`: the JSON object of a successful response, or None.
    """

    status: int | None = None
    milliseconds: int | None = None
    error: str = ""
    is_final: bool = False
    content: dict[str, Any] | None = None


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a request: `v1=` and the HMAC-SHA256 of `v1:<timestamp>:<body>` as hex digits."""
    signed = b"v1:" + timestamp.encode() + b":" + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def request(hook: Hook, delivery: HookDelivery) -> Response:
    """Send a delivery to the URL of its hook. Return the result, also if the request failed."""
    content = _describe(hook, delivery)
    if content is None:
        return Response(error="The message was removed.", is_final=True)
    try:
        secret = decrypt(hook.secret, name_owner(hook))
    except UnreadableSecret:
        return Response(error="The signing secret cannot be read. Make a new one.", is_final=True)
    body = json.dumps(content, ensure_ascii=False).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: sign(secret, timestamp, body),
        DELIVERY_HEADER: str(delivery.id),
    }
    began = time.monotonic()
    try:
        found = outgoing.send("POST", hook.url, SECONDS, MOST_BYTES, body, headers)
    except outgoing.OutgoingError as failure:
        return Response(error=str(failure), is_final=isinstance(failure, outgoing.AddressRefused))
    return _judge(found.status_code, round((time.monotonic() - began) * 1000), found.content)


def _judge(status: int, milliseconds: int, body: bytes) -> Response:
    if 200 <= status < 300:
        return Response(status, milliseconds, content=_read(body))
    is_final = status < 500 and status not in TEMPORARY
    return Response(status, milliseconds, f"The server answered with the status {status}.", is_final)


def _read(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in a response, or None. Most servers answer with a page, or with an empty body."""
    try:
        return protocol.parse_object(body)
    except protocol.ChatError:
        return None


def _describe(hook: Hook, delivery: HookDelivery) -> dict[str, Any] | None:
    """Return the body of a request, with the field names of Slack and Mattermost; None if the message was removed."""
    fields: dict[str, Any] = {
        "type": "message",
        "delivery": delivery.id,
        "hook": {"id": hook.id, "name": hook.person.handle},
        "room": {"slug": hook.room.slug, "name": hook.room.name},
        "channel_name": hook.room.slug,
        "timestamp": int(delivery.created_at.timestamp()),
    }
    if delivery.number is None:
        return {**fields, **_describe_command(delivery)}
    found = Message.objects.complete().filter(room=hook.room_id, number=delivery.number, removed_at=None).first()
    if found is None:
        return None
    message = rooms.describe_messages([found])[0]
    return {
        **fields,
        "user_name": found.author.handle,
        "text": found.body,
        "trigger_word": delivery.word,
        "post_id": found.number,
        "message": message,
    }


def _describe_command(delivery: HookDelivery) -> dict[str, Any]:
    if delivery.person is None:
        return {"type": "test", "user_name": "", "text": TEST_TEXT}
    fields = {"type": "command", "user_name": delivery.person.handle, "command": delivery.word, "text": delivery.text}
    return fields if delivery.thread_root is None else {**fields, "thread": delivery.thread_root}
