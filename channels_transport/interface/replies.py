"""
Carries out a worker's message to one websocket: accept or refuse it, send a text, several texts or bytes, close it.

This module replaces the branch for websockets of Daphne's `dispatch_reply`, which drops an empty text and empty bytes.
Both are valid messages (RFC 6455, section 5.2). The module finds no connection, and answers no HTTP request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .websockets import WebSocketProtocol

KEYS = frozenset(("accept", "text", "texts", "bytes", "close"))


def carry_out(protocol: WebSocketProtocol, message: dict[str, Any]) -> None:
    """Do what a worker's message says. Raise ValueError for a message that is not valid."""
    if unknown := message.keys() - KEYS:
        raise ValueError(
            f"A message to a websocket contains the unknown keys {sorted(unknown)}; known are {sorted(KEYS)}"
        )
    content, is_binary = choose_content(message)
    if protocol.state == protocol.STATE_CONNECTING:
        if message.get("accept") is False:
            return protocol.serverReject()
        if message.get("accept"):
            protocol.serverAccept()
    if content is not None:
        protocol.serverSend(content, is_binary)
    if texts := message.get("texts"):
        protocol.send_texts(texts)
    if close := message.get("close"):
        if protocol.state == protocol.STATE_CONNECTING:
            protocol.serverReject()
        else:
            protocol.serverClose(close)


def choose_content(message: dict[str, Any]) -> tuple[str | bytes | None, bool]:
    """
    Return (what to send or None, whether it is binary).

    A message contains a text or bytes. If it contains both, and one of them is empty, the other one is sent. Raise
    ValueError if neither is empty.
    """
    text, binary = message.get("text"), message.get("bytes")
    if text and binary:
        raise ValueError("A message to a websocket contains both a text and bytes")
    if binary or text is None:
        return binary, True
    return text, False
