"""
Count what the services do: changes of messages, webhooks, searches, sign-ins, uploads and pushes. `/metrics` shows the
numbers to operators.

Each process counts in its memory. The workers report their numbers; those of a management command are lost when the
command ends. This module writes no rows, and no label contains a text of a client.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from channels_transport import count, describe_counter, observe_seconds
from chat.protocol import ChatError

describe_counter("message_changes", "Changes of messages that were stored, by their type", "change")
describe_counter("hook_deliveries", "Requests of outgoing webhooks, by their result", "result")
describe_counter("search_seconds", "Time of a search for messages", is_histogram=True)
describe_counter("sign_ins", "Sign-ins of browsers that succeeded", "kind")
describe_counter("sign_in_failures", "Sign-ins and uses of tokens that failed, by their reason", "reason")
describe_counter("uploads", "Uploads of files that were stored, or refused with this code", "outcome")
describe_counter("upload_bytes", "Bytes of the files that people have uploaded")
describe_counter("pushes", "Requests to push services, by their outcome", "outcome")


def count_change(kind: str) -> None:
    """Count a stored change of a message, by the type of its event, for example `post` or `react`."""
    count("message_changes", (kind,))


def count_hook_delivery(result: str) -> None:
    """Count a request of an outgoing hook: `sent`, `retried` (it failed, and is sent again later) or `failed`."""
    count("hook_deliveries", (result,))


def count_sign_in(is_guest: bool) -> None:
    """Count a successful sign-in of a browser."""
    count("sign_ins", ("guest" if is_guest else "account",))


def count_sign_in_failure(reason: str) -> None:
    """Count a sign-in, or a use of a token, that failed. docs/watching.md lists the reasons."""
    count("sign_in_failures", (reason,))


def count_upload(size: int) -> None:
    """Count a file of `size` bytes that a person has uploaded."""
    count("uploads", ("stored",))
    count("upload_bytes", (), size)


@contextmanager
def counting_refused_uploads() -> Iterator[None]:
    """If the block raises a ChatError, count an upload that was refused with the code of the error."""
    try:
        yield
    except ChatError as refusal:
        count("uploads", (refusal.code,))
        raise


def count_push(outcome: str) -> None:
    """
    Count a request to a push service.

    The outcome is `sent`, `ended` (the subscription was deleted), `retried` (it failed, and is sent again later) or
    `failed`.
    """
    count("pushes", (outcome,))


@contextmanager
def counting_refusals() -> Iterator[None]:
    """If the block raises `rate_limited`, count a failed sign-in with the reason `limited`."""
    try:
        yield
    except ChatError as refusal:
        if refusal.code == "rate_limited":
            count_sign_in_failure("limited")
        raise


@contextmanager
def timing_search() -> Iterator[None]:
    """Measure a search, also if it fails."""
    began = perf_counter()
    try:
        yield
    finally:
        observe_seconds("search_seconds", perf_counter() - began)
