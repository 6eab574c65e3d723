"""
Carries out the instructions for requests that this interface answers itself. See `channels_transport.instructions`.

This module knows no site.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from twisted.internet import reactor, threads

from ..instructions import Answer, Asked, InThread, PassOn

logger = logging.getLogger(__name__)

FAILED = Answer(503, b"Service Unavailable", "text/plain")


class Answers:
    """The functions for the paths that this interface answers itself. A path that ends with `/*` is a prefix."""

    def __init__(self, functions: Mapping[str, Callable[[Asked], Any]]) -> None:
        encoded = {path.encode("ascii"): function for path, function in functions.items()}
        self._exact = {path: function for path, function in encoded.items() if not path.endswith(b"/*")}
        self._prefixes = {path[:-1]: function for path, function in encoded.items() if path.endswith(b"/*")}

    def find(self, path: bytes) -> Callable[[Asked], Any] | None:
        """Return the function for a path, or None. An exact path takes precedence over a prefix."""
        function = self._exact.get(path)
        if function is not None:
            return function
        return next((function for prefix, function in self._prefixes.items() if path.startswith(prefix)), None)


def load_answers() -> Answers:
    """Return the functions that the setting INTERFACE_ANSWERS names. Raise ImproperlyConfigured if it is wrong."""
    given = getattr(settings, "INTERFACE_ANSWERS", {})
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"INTERFACE_ANSWERS must be {_EXPECTED}, not {given!r}.")
    return Answers({_check_path(path): _load(path, name) for path, name in given.items()})


_EXPECTED = "a dictionary of paths and the dotted names of functions"


def _check_path(path: Any) -> str:
    if not (isinstance(path, str) and path.isascii() and path.startswith("/")):
        text = f"INTERFACE_ANSWERS must be {_EXPECTED}, but {path!r} is not a path in ASCII that begins with /."
        raise ImproperlyConfigured(text)
    return path


def _load(path: str, name: Any) -> Callable[[Asked], Any]:
    try:
        # import_string expects a text, and raises ImportError for a name without a dot.
        function = import_string(str(name))
        reason = None if callable(function) else "it is not a function"
    except (ImportError, ValueError) as error:
        reason = str(error)
    if reason is None:
        return function
    text = f"INTERFACE_ANSWERS must be {_EXPECTED}, but {name!r} for {path!r} cannot be used: {reason}."
    raise ImproperlyConfigured(text) from None


def describe_request(request: Any, open_connections: int, is_redis_answering: Callable[[], bool]) -> Asked:
    """Return a Twisted request as an `Asked`."""
    headers = request.requestHeaders.getAllRawHeaders()
    return Asked(
        method=request.method.decode("ascii"),
        open_connections=open_connections,
        is_redis_answering=is_redis_answering,
        waiting_requests=request.factory.waiting,
        sockets=request.factory.count_sockets(),
        path=unquote(request.path.decode("ascii")),
        headers={name.decode("latin1").lower(): values[-1].decode("latin1") for name, values in headers},
    )


def give_answer(request: Any, function: Callable[[Asked], Any], asked: Asked, pass_on: Callable[[], None]) -> None:
    """Follow the instruction that `function(asked)` returns. A failure is logged and answered with 503."""
    instruction = _call(function, asked)
    if instruction is None:
        pass_on()
    elif isinstance(instruction, PassOn):
        reactor.callLater(instruction.seconds, _answer_late, request, instruction.make_late)
        pass_on()
    elif isinstance(instruction, InThread):
        reactor.callLater(instruction.seconds, _answer_late, request, instruction.make_late)
        done = threads.deferToThread(_call, instruction.make_answer)
        done.addCallback(lambda answer: _respond(request, answer))
    else:
        _respond(request, instruction)


def _answer_late(request: Any, make_late: Callable[[], Answer]) -> None:
    if request.is_unanswered:
        _respond(request, _call(make_late))


def _respond(request: Any, answer: Answer) -> None:
    if request.is_unanswered:
        request.serverResponse(answer.as_message())


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Exception:
        logger.exception("The interface could not answer a request")
        return FAILED
