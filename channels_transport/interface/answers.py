"""
Carries out the instructions for requests that this interface answers itself. See `channels_transport.instructions`.

This module knows no site.
"""

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from twisted.internet import reactor, threads

from ..instructions import Answer, Asked, InThread, PassOn

logger = logging.getLogger(__name__)

FAILED = Answer(503, b"Service Unavailable", "text/plain")


def load_answers() -> dict[bytes, Callable[[Asked], Any]]:
    """Return {path: function} from the setting INTERFACE_ANSWERS. Raise ImportError for a wrong dotted path."""
    dotted_paths = getattr(settings, "INTERFACE_ANSWERS", {})
    return {path.encode("ascii"): import_string(dotted_path) for path, dotted_path in dotted_paths.items()}


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
