"""Harnesses of headers and addresses that the site reads itself, and of what it reads back from Redis."""

import contextlib
import json
import re
from types import SimpleNamespace

from channels.handler import AsgiRequest
from channels.message import Message
from django.core.exceptions import SuspiciousOperation
from django.http import parse_cookie
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import get_language_from_request
from twisted.web.http_headers import Headers

from channels_transport import find_network, items
from channels_transport.interface.headers import find_fault, join_cookies, read_address, split_absolute, trust_proxies
from channels_transport.layer import RedisChannelLayer
from channels_transport.sessions import SessionStore
from chat import protocol
from chat.http.encodings import ENCODINGS, find_encodings
from chat.http.middleware import FormMiddleware
from chat.http.responses import accepts_json
from chat.services import people
from tests.fuzz.harnesses.interface import DANGEROUS
from tests.fuzz.target import split_parts

LAYER = RedisChannelLayer()  # connects only when it is used
LAYER_WITH_KEYS = RedisChannelLayer(symmetric_encryption_keys=["a key for fuzzing"])
REFUSED = (MultiPartParserError, SuspiciousOperation)


def check_client_headers(data):
    """Cookies and the headers Accept-* and Authorization are understood, whatever they contain."""
    cookie, encodings, languages, accept, authorization = split_parts(data, 5)
    assert set(find_encodings(encodings)) <= set(ENCODINGS)
    request = SimpleNamespace(
        COOKIES=parse_cookie(cookie),
        META={"HTTP_ACCEPT_LANGUAGE": languages, "HTTP_ACCEPT": accept},
        path="/",
        path_info="/",
    )
    assert re.fullmatch(r"[0-9a-f]{20,}", people.find_browser(request) or "0" * 20)
    assert get_language_from_request(request)
    assert accepts_json(request) in (True, False)
    assert people.is_token_header(authorization) in (True, False)


def check_proxy_headers(data):
    """An address from a proxy is an address, and nothing of a forged header is left."""
    lines = [line for line in data.split(b"\n") if line]
    headers = Headers({b"x-forwarded-for": lines, b"x-forwarded-proto": lines, b"cookie": lines})
    join_cookies(headers)
    trust_proxies(headers, len(lines) % 4 + 1)
    for value in headers.getRawHeaders(b"x-forwarded-for", []):
        assert read_address(value) == value
        assert re.fullmatch(rb"[0-9a-f.:]+", value) and find_network(value.decode())
    assert set(headers.getRawHeaders(b"x-forwarded-proto", [])) <= {b"http", b"https"}
    for line in lines:
        assert find_fault(line, b"HTTP/1.1", headers) is not None
        split = split_absolute(line)
        assert split is None or split[1].startswith(b"/")


def check_form(data):
    """The body of a form becomes fields and files, or Django refuses it. The first line is its content type."""
    content_type, _, body = data.partition(b"\n")
    if DANGEROUS & set(content_type):
        return  # the interface passes no such header on
    content = {
        "reply_channel": "replies.1",
        "path": "/sign-in/",
        "method": "POST",
        "query_string": b"",
        "headers": [[b"content-type", content_type], [b"content-length", b"%d" % len(body)]],
        "body": body,
        "client": ["127.0.0.1", 4711],
        "server": ["testserver", 80],
    }
    request = AsgiRequest(Message(content, "http.request", LAYER))
    FormMiddleware(lambda request: None)(request)
    try:
        for values in request.POST.lists():
            assert all(isinstance(value, str) for value in values[1])
        assert all(file.name for file in request.FILES.values())
    except REFUSED:
        pass


def check_items(data):
    """An item of a list in Redis is read, or refused with ValueError."""
    for read in (items.read_expiry, items.read_message_item, items.read_group_item, items.read_turn_item):
        try:
            read(data)
        except ValueError:
            continue
        if read is items.read_turn_item:
            assert not items.read_turn_item(items.remove_copy(data)).has_copy or data[:1] != b"T"
    for read in (LAYER_WITH_KEYS.deserialize, lambda data: LAYER_WITH_KEYS.crypter.unseal(data.decode("latin1"))):
        with contextlib.suppress(ValueError):
            read(data)
    try:
        message = LAYER.deserialize(data)
    except ValueError:
        return
    if isinstance(message, dict):  # all messages of the layer are dictionaries
        assert LAYER.deserialize(LAYER.serialize(message)) == message or "nan" in repr(message)


def check_session(data):
    """A channel session that another engine has written is empty, and one of this engine stays as it is."""
    store = SessionStore("chn")
    session = store.decode(data.decode("latin1"))
    assert isinstance(session, dict)
    assert json.dumps(store.decode(store.encode(session))) == json.dumps(session)


def check_ids(data):
    """Integers, UUIDs, slugs and handles in addresses are understood or refused."""
    text = split_parts(data, 1)[0]
    number = protocol.parse_integer(text)
    assert number is None or 0 <= number <= protocol.MAX_INTEGER
    assert protocol.parse_uuid(text) is None or len(text) == 36
    for check in (protocol.check_handle, protocol.check_slug, protocol.check_emoji):
        try:
            value = check(text, "value")
        except protocol.ChatError as error:
            assert error.code in ("invalid_field", "empty", "too_long")
        else:
            assert check(value, "value") == value
