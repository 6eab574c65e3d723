"""
Bodies of forms in several parts: a body that cannot be read is a fault of the client, who gets 400.

Django 2.2 fails for some of them, for example without a boundary, and the client would get 500. This module reads no
fields.
"""

import functools
from collections.abc import Callable
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError


def refuse_unreadable_forms(request: HttpRequest) -> None:
    """Make a request raise MultiPartParserError, which Django answers with 400, for every form that cannot be read."""
    request.parse_file_upload = functools.partial(_parse, request.parse_file_upload)


def _parse(parse: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return parse(*arguments)
    except (MultiPartParserError, SuspiciousOperation, OSError):
        raise
    except Exception as error:
        raise MultiPartParserError(f"The form cannot be read: {error!r}") from error
