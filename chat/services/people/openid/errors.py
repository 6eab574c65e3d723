"""
The failures of a sign-in with OpenID Connect, each with the sentence that tells the person what to do.

This module must not talk to the provider. It counts the failures for the metrics.
"""

from django.conf import settings

from chat.protocol import ChatError
from chat.services.numbers import count_sign_in_failure


class ProviderError(Exception):
    """The provider did not answer, or its answer cannot be used. The text is for the log, without secrets."""


class UntrustedToken(Exception):
    """The ID token is not valid. `is_about_time`: a time in it is wrong. The text is for the log."""

    def __init__(self, reason: str, is_about_time: bool = False) -> None:
        super().__init__(reason)
        self.is_about_time = is_about_time


def make_unreachable_error() -> ChatError:
    """Count the failure, and return the error for a provider that is down, slow, or wrongly configured."""
    count_sign_in_failure("provider_unreachable")
    return ChatError(
        "unavailable",
        "%(name)s does not answer. Wait a minute, then try again. If it goes on, tell an operator of this site.",
        name=settings.OIDC_NAME,
    )


def make_cancelled_error() -> ChatError:
    """Count the failure, and return the error for a person who cancelled the sign-in on the pages of the provider."""
    count_sign_in_failure("cancelled")
    return ChatError(
        "forbidden", "You cancelled the sign-in at %(name)s. Try again, or choose another way.", name=settings.OIDC_NAME
    )


def make_refused_error() -> ChatError:
    """Count the failure, and return the error for a provider that refused the sign-in for its own reason."""
    count_sign_in_failure("provider_refused")
    return ChatError(
        "forbidden",
        "%(name)s refused the sign-in. Try again. If it goes on, tell an operator of this site.",
        name=settings.OIDC_NAME,
    )


def make_state_error() -> ChatError:
    """Count the failure, and return the error for an answer that belongs to no sign-in of this browser."""
    count_sign_in_failure("wrong_state")
    return ChatError(
        "forbidden",
        "This sign-in was not started in this browser, was already used, or took more than ten minutes. Start again.",
    )


def make_untrusted_error() -> ChatError:
    """Count the failure, and return the error for an answer of the provider that is not valid."""
    count_sign_in_failure("untrusted_answer")
    return ChatError(
        "forbidden",
        "The answer of %(name)s is not valid, so nobody was signed in. Tell an operator of this site.",
        name=settings.OIDC_NAME,
    )


def make_clock_error() -> ChatError:
    """Count the failure, and return the error for an answer of the provider that is from another time."""
    count_sign_in_failure("wrong_clock")
    return ChatError(
        "forbidden",
        "The answer of %(name)s is too old or from the future, so nobody was signed in. Try again. If it goes on, tell"
        " an operator of this site to compare the clocks.",
        name=settings.OIDC_NAME,
    )
