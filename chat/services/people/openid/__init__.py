"""
OpenID Connect: people sign in with their account at a provider, which the settings name.

`flow` sends the browser to the provider and checks what comes back. `external_logins` finds or stores the person.
`provider`, `requesting` and `id_tokens` talk to the provider, and read its answers with Authlib. These modules are
imported at the first sign-in, because Authlib needs 0.2 s and 10 MB, and most sites do not use it.

The issuer and the subject identify an account at the provider. Only the person connects it with an account here. An
equal e-mail address or name never connects two accounts, because the provider may give them to somebody else.
"""

from .external_logins import (
    can_disconnect,
    connect,
    disconnect,
    find_external_login,
    find_person,
    is_enabled,
    remove_external_login,
    suggest_handle,
    write_external_account,
)
from .flow import Identity, find_provider_problem, finish, forget_pending, keep_pending, read_pending, start

__all__ = [
    "Identity",
    "can_disconnect",
    "connect",
    "disconnect",
    "find_external_login",
    "find_person",
    "find_provider_problem",
    "finish",
    "forget_pending",
    "is_enabled",
    "keep_pending",
    "read_pending",
    "remove_external_login",
    "start",
    "suggest_handle",
    "write_external_account",
]
