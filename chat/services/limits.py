"""
Limits: the number of events, requests and connections that one person or one address may have. The numbers are
settings, and CHAT_LIMITS=off switches all limits off.

`budgets` has the limits of expensive work: reading, searching, exports and others.

This module writes only the token buckets, counters and leases of the store.
"""

import math
import time
from collections.abc import Iterable
from functools import partial

from django.conf import settings
from django.http import HttpRequest

from channels_transport import BoundedCache
from chat.connections import Connection
from chat.protocol import CLOSE_FLOODING, ChatError, CloseConnection
from chat.services import budgets
from chat.services.budgets import get_network
from chat.store import store

MAX_COUNTED_FIRST = 10000  # people whom one process remembers
# {id of a person: the time, by time.monotonic, until which this process counts their frames before it handles them}
_counted_first: BoundedCache[int, float] = BoundedCache(MAX_COUNTED_FIRST)
MIN_COUNT_FIRST_SECONDS = 10
# If a person has fewer tokens left than this share of the burst, the process counts their frames first.
RESERVE = 0.1


def check_event(owner: int | str, ref: str | None = None) -> None:
    """
    Count one event or request before it is handled. The owner is a person's id, or the digest of a board's visitor.

    Raise `rate_limited` with `ref` if the owner has no token left, or CloseConnection with 4429 after more than
    CHAT_FLOOD_REFUSALS refusals within CHAT_FLOOD_SECONDS.
    """
    wait = _take("events", owner)
    if not wait:
        return
    refusals = store.increment(f"refusals:{owner}", settings.CHAT_FLOOD_SECONDS)
    if refusals > settings.CHAT_FLOOD_REFUSALS:
        budgets.count_refusal("floods")
        raise CloseConnection(CLOSE_FLOODING)
    raise budgets.make_refusal("events", wait, ref)


def check_frame(person_id: int, ref: str | None = None) -> None:
    """
    Count one frame of a person. While the person's bucket is well filled, this needs no extra round trip to Redis.

    The token is taken with the worker's next round trip, which returns how many tokens are left. When fewer than a
    tenth are left, this process counts the person's frames before it handles them, and `check_event` refuses frames
    without a token. This ends when the process has received no frame of the person for the time in which an empty
    bucket fills (10 s at least).

    The bound: until a process knows that the bucket is low, it handles at most one frame in each of its threads. So in
    `seconds`, the workers handle at most burst + rate * seconds + (number of worker threads) frames. A client gains
    nothing by the excess: each frame without a token puts the bucket into debt, and later frames pay the debt. In a
    single process there is no excess.
    """
    if not settings.CHAT_LIMITS_ON:
        return
    if _counted_first.get(person_id, 0) > time.monotonic():
        _count_first(person_id)
        check_event(person_id, ref)
        return
    burst, per_second = settings.CHAT_LIMITS["events"]
    store.take_token_deferred(f"events:{person_id}", burst, per_second, partial(_note_level, person_id))


def _note_level(person_id: int, level: float) -> None:
    burst, _ = settings.CHAT_LIMITS["events"]
    # If less than one whole token is left, the next frame may have no token.
    if level < max(1, RESERVE * burst):
        _count_first(person_id)


def _count_first(person_id: int) -> None:
    burst, per_second = settings.CHAT_LIMITS["events"]
    _counted_first.store(person_id, time.monotonic() + max(MIN_COUNT_FIRST_SECONDS, burst / per_second))


def forget_people() -> None:
    """Forget whose frames are counted first. Only tests call this."""
    _counted_first.clear()


def check_address(kind: str, address: str) -> None:
    """Count one `kind` (a key of CHAT_LIMITS) for an address, and for the site. Raise `rate_limited`."""
    if settings.CHAT_LIMITS_ON:
        budgets.take(budgets.find_address_buckets(kind, address))


def check_handshake(address: str) -> None:
    """
    Count one handshake of an address. Raise `rate_limited`.

    The tokens are taken with the worker's next round trip to Redis. While the bucket is well filled, a handshake does
    not wait for Redis. `budgets.check_debt` says how far a process can exceed the limit.
    """
    if settings.CHAT_LIMITS_ON:
        buckets = budgets.find_address_buckets("handshakes", address)
        budgets.check_debt(buckets)
        budgets.charge(buckets, 1)


def check_sign_in_without_password(address: str) -> None:
    """
    Count a sign-in with OpenID Connect, an invalid token or an unknown hook key, for the client's address alone.

    Raise `rate_limited`.
    """
    # The site's budget of sign-ins is for password hashes, which cost far more.
    if settings.CHAT_LIMITS_ON:
        budgets.take(budgets.find_buckets("sign_ins", get_network(address))[:1])


def get_address(request: HttpRequest) -> str:
    """Return the client's IP address, as the interface and the trusted proxies report it."""
    return request.META.get("REMOTE_ADDR", "unknown")


def check_download(person_id: int, size: int | None = None) -> None:
    """Count one file of `size` bytes (None: unknown) that a person fetches. Raise `rate_limited`."""
    # Files have their own limit, because an interface server may have to keep a file for a slow reader.
    if size is None:
        budgets.check("downloads", person_id)
    else:
        budgets.check_each(("downloads", person_id), ("download_bytes", person_id))
        budgets.count_download_bytes(person_id, size)


def check_picture(person_id: int) -> None:
    """Count one picture that a person uploads. Raise `rate_limited`."""
    # Pictures have their own limit, because a worker may need seconds to decode one.
    budgets.check("pictures", person_id)


def check_search(person_id: int, address: str) -> None:
    """Count one search of a person, an address and the site. Raise `rate_limited`."""
    # Searches have their own limit, because a search costs the database more than an event.
    budgets.check("searches", person_id, address)


class SignIn:
    """One check of a password or a code. It counts as a failure until it succeeds."""

    def __init__(self) -> None:
        self._buckets: list[tuple[str, str]] = []

    def count(self, kind: str, owner: str) -> None:
        """
        Take a token of a bucket.

        If the bucket is empty, give the tokens of the other buckets back, and raise `rate_limited`.
        """
        wait = _take(kind, owner)
        if wait:
            self.succeed()
            budgets.count_refusal(kind)
            raise ChatError(
                "rate_limited",
                "Too many attempts to sign in. Try again in %(seconds)s seconds.",
                retry_after=math.ceil(wait * 1000) / 1000,
                seconds=math.ceil(wait),
            )
        self._buckets.append((kind, owner))

    def succeed(self) -> None:
        """Give the tokens back: only wrong passwords and wrong codes count."""
        for kind, owner in self._buckets:
            _give_back(kind, owner)


def start_sign_in(account: str, address: str, browser: str | None, knows_address: bool) -> SignIn:
    """
    Count one check of the password of an account, before the check is made. Raise `rate_limited`.

    - `account`: a text that stands for the account, or for a handle that nobody has.
    - `address`: the client's address.
    - `browser`: the digest of the browser's id, if the person has signed in with this browser before. Then wrong
      passwords count for the browser instead of the address, and other people's wrong passwords do not count.
    - `knows_address`: whether the person has signed in from this address before. Then the limit over all places does
      not apply.
    """
    place = get_network(address) if browser is None else browser
    attempt = SignIn()
    attempt.count("wrong_passwords_here", f"{account}:{place}")
    if browser is None and not knows_address:
        attempt.count("wrong_passwords", account)
    # This check is last, so that a client that repeats a wrong password does not use up the budget of its address. A
    # refusal by the limits above takes no token of this budget.
    try:
        _check_sign_in(address, browser)
    except ChatError:
        attempt.succeed()
        raise
    return attempt


def _check_sign_in(address: str, browser: str | None) -> None:
    """Count one check of a password: for the site, the address, and a known browser. Raise `rate_limited`."""
    if not settings.CHAT_LIMITS_ON:
        return
    if browser is None:
        budgets.take(budgets.find_address_buckets("sign_ins", address))
    else:
        budgets.take(budgets.find_known_buckets(browser, address))


def start_code(account: str, address: str, browser: str | None, is_known: bool) -> SignIn:
    """
    Count one check of a code of a second factor, before the check is made. Raise `rate_limited`.

    `account`, `address` and `browser` are the same as in `start_sign_in`. `is_known`: whether the person has signed in
    with this browser or from this address before. Then the limit over all places does not apply.
    """
    attempt = SignIn()
    attempt.count("wrong_codes_here", f"{account}:{browser or get_network(address)}")
    if not is_known:
        attempt.count("wrong_codes", account)
    return attempt


def check_mail(person_id: int) -> None:
    """Count one mail to the verified address of a person: somebody else may have requested it. Raise `rate_limited`."""
    budgets.check("mails", f"person-{person_id}")


def check_new_address(person_id: int, address: str, to: str) -> None:
    """
    Count one mail to an address that is not verified: for the person, the client's address, and the reader.

    `to` is a digest of the reader's address. Raise `rate_limited`.
    """
    # Other people may request the mails that `check_mail` counts. These people must not keep the owner from changing
    # the address.
    budgets.check_each(("mails", f"by-{person_id}"), ("mails", f"to-{to}"), ("new_addresses", get_network(address)))


def check_password_reset(address: str, whom: str) -> None:
    """
    Count one request for a new password: for the client's address, and for the account that the request names.

    Raise `rate_limited`.
    """
    budgets.check_each(("password_resets", get_network(address)), ("password_resets_here", whom))


def _give_back(kind: str, owner: str) -> None:
    if settings.CHAT_LIMITS_ON:
        burst, _ = settings.CHAT_LIMITS[kind]
        store.return_token(f"{kind}:{owner}", burst)


def _take(kind: str, owner: int | str) -> float:
    if not settings.CHAT_LIMITS_ON:
        return 0
    burst, per_second = settings.CHAT_LIMITS[kind]
    return store.take_token(f"{kind}:{owner}", burst, per_second)


def lease_socket(owner: int | str, connection: Connection) -> None:
    """
    Count an open connection for its owner and for its address, during the next CHAT_PRESENCE_LEASE_SECONDS.

    The owner is a person's id, or the digest of a board's visitor. Raise `rate_limited`, with nothing counted, if the
    owner or the address has reached its limit of open connections.
    """
    counters = get_socket_counters(owner, connection)
    if counters:
        check_not_full(store.acquire_leases(counters, connection.name, settings.CHAT_PRESENCE_LEASE_SECONDS))


def check_not_full(counter: str | None) -> None:
    """Raise `rate_limited` if `counter` is the name of a counter that has reached its limit. For None, do nothing."""
    if counter is None:
        return
    budgets.count_refusal("sockets_per_person" if ":person:" in counter else "sockets_per_address")
    seconds = settings.CHAT_PRESENCE_LEASE_SECONDS
    raise ChatError("rate_limited", "Too many connections are open.", retry_after=float(seconds))


def renew_socket(owner: int | str, connection: Connection) -> None:
    """Renew both leases of an open connection. This checks no limit: `lease_socket` did that."""
    counters = get_socket_counters(owner, connection)
    if counters:
        store.renew_leases(counters, connection.name, settings.CHAT_PRESENCE_LEASE_SECONDS)


def renew_sockets(connections: Iterable[tuple[int, Connection]]) -> set[str]:
    """
    Renew both leases of each open connection: [(owner, connection), ...], in one round trip. Give no lost lease again.

    Return the names of the connections that have their leases.
    """
    holders = {connection.name: get_socket_counters(owner, connection) for owner, connection in connections}
    if not any(holders.values()):
        return set(holders)
    held = store.renew_held_leases(holders, settings.CHAT_PRESENCE_LEASE_SECONDS)
    return {name for name, is_held in zip(holders, held, strict=True) if is_held}


def release_socket(owner: int | str, connection: Connection) -> None:
    """End both leases of a connection: those of its owner and of its address."""
    store.release_leases(get_socket_counters(owner, connection), connection.name)


def get_socket_counters(owner: int | str, connection: Connection) -> dict[str, int]:
    """Return {name of a counter of connections: its limit} for a connection. Without limits, return no counters."""
    if not settings.CHAT_LIMITS_ON:
        return {}
    return {
        f"sockets:person:{owner}": settings.CHAT_MAX_SOCKETS_PER_PERSON,
        f"sockets:address:{get_network(connection.address)}": settings.CHAT_MAX_SOCKETS_PER_ADDRESS,
    }
