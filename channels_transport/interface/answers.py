"""
Carries out the instructions for requests that this interface answers itself. See `channels_transport.instructions`.

This module knows no site.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from twisted.internet import reactor, threads

from ..instructions import Answer, Asked, InThread, PassOn

logger = logging.getLogger(__name__)

FAILED = Answer(503, b"Service Unavailable", "text/plain")


def load_answers() -> dict[bytes, Callable[[Asked], Any]]:
    """Return {path: function} from the setting INTERFACE_ANSWERS. Raise ImproperlyConfigured if it is wrong."""
    given = getattr(settings, "INTERFACE_ANSWERS", {})
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured(f"INTERFACE_ANSWERS must be {_EXPECTED}, not {given!r}.")
    return {_read_path(path): _load(path, name) for path, name in given.items()}


_EXPECTED = "a dictionary of paths and the dotted names of functions"


def _read_path(path: Any) -> bytes:
    if not (isinstance(path, str) and path.isascii() and path.startswith("/")):
        text = f"INTERFACE_ANSWERS must be {_EXPECTED}, but {path!r} is not a path in ASCII that begins with /."
        raise ImproperlyConfigured(text)
    return path.encode("ascii")


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


def give_answer(request: Any, function: Callable[[Asked], Any], asked: Asked, pass_on: Callable[[], None]) -> None:
    """Follow the instruction that `function(asked)` returns. A failure is logged and answered with 503."""
    instruction = _call(function, asked)
    if isinstance(instruction, PassOn):
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
