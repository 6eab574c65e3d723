"""
Budgets: limit the expensive requests of each person, of each address and of the whole site.

CHAT_LIMITS has up to three limits for each kind of request:

- `<kind>` for the owner of the budget, usually a person;
- `<kind>_per_address` for all people at one address;
- `<kind>_per_site` for everybody.

A kind without an entry has no such limit. CHAT_LIMITS=off switches all limits off.

`check` takes the cost before a request is handled. `check_debt` and `charge` are for costs that are known only
afterwards, such as the number of messages in an answer. Then the request is handled, and the next request waits until
the debt is paid.

This module writes only the store's token buckets and its tally of refusals.
"""

import math
import re
import time
from collections.abc import Sequence
from functools import partial

from django.conf import settings

from channels_transport import BoundedCache, find_network
from chat.protocol import ChatError
from chat.store import Bucket, store

REFUSALS = "refusals"  # the name of the tally
MAX_LOW = 10000  # buckets that one process remembers
# {name of a bucket: the time, by time.monotonic, until which this process asks Redis before it handles a request}
_low: BoundedCache[str, float] = BoundedCache(MAX_LOW)
MIN_LOW_SECONDS = 10
# A bucket with fewer tokens than this share of its burst is low.
LOW_SHARE = 0.1
# What opening a connection costs, in messages: the joining, the list of present people and the announcements.
CONNECTION_READS = 20
# A page of the admin shows at most this number of rows.
ADMIN_READS = 100
# Rendering takes at most about 10 µs for each character that may be markup. Bodies with up to this number are free.
FREE_SYMBOLS = 100
_SYMBOL = re.compile(r"[!-/:-@\[-`{-~\n]")
# While the site's budget of sign-ins is used up, known browsers may exceed it by this many bursts, others by one.
KNOWN_RESERVE = 10
# One client can easily get all /64 networks of a /48. If the site has a budget, a /48 has this many times the budget of
# a /64. Without the budget of the /48, each /64 would count as another owner who has used little.
SITE_PREFIX = 48
NETWORKS_PER_SITE = 4
# All known browsers of an address (or of a /48) together have this many times the budget of sign-ins of one browser.
KNOWN_PER_ADDRESS = 16


def get_network(address: str) -> str:
    """
    Return the network under which the limits count an address (see `find_network`).

    A text that is no IP address, such as "unknown", is returned unchanged.
    """
    return find_network(address) or address


# Costs that are known before a request is handled.


def check(kind: str, owner: int | str | None, address: str | None = None, cost: float = 1) -> None:
    """
    Take `cost` from the budgets of a request: those of its owner, its address and the site.

    If one of the budgets is used up, take nothing, and raise `rate_limited`. The budget of the site has a reserve for
    owners who have used less than half of their own budget.
    """
    if settings.CHAT_LIMITS_ON:
        take(find_buckets(kind, owner, address), cost)


def check_each(*owners: tuple[str, int | str]) -> None:
    """
    Take one token of each budget (kind, owner). If one is used up, take nothing, and raise `rate_limited`.

    Separate calls of `check` would take tokens for a request that a later call refuses. And a client that has waited
    for the first budget would be refused again for the second one.
    """
    if settings.CHAT_LIMITS_ON:
        take([bucket for kind, owner in owners for bucket in find_buckets(kind, owner)])


def take(buckets: Sequence[Bucket], cost: float = 1) -> None:
    """Take `cost` from each bucket. If one of them is empty, take nothing, and raise `rate_limited`."""
    if not buckets:
        return
    taken = store.take_tokens(buckets, cost)
    if taken.empty is not None:
        raise make_refusal(taken.empty.partition(":")[0], taken.wait)


def find_buckets(kind: str, owner: int | str | None, address: str | None = None, reserve: float = 1) -> list[Bucket]:
    """
    Return the buckets of a kind, the owner's own first. Leave out the limits that CHAT_LIMITS does not have.

    `owner` is None for strangers, who have only the budget of their address. `reserve` is the reserve of the site, in
    bursts.
    """
    limits, found = settings.CHAT_LIMITS, []
    if owner is not None and kind in limits:
        found.append(Bucket(f"{kind}:{owner}", *limits[kind]))
    if address is not None and (name := f"{kind}_per_address") in limits:
        found.append(Bucket(f"{name}:{get_network(address)}", *limits[name]))
    if (name := f"{kind}_per_site") in limits:
        burst, per_second = limits[name]
        found.append(Bucket(name, burst, per_second, reserve * burst))
    return found


def find_address_buckets(kind: str, address: str) -> list[Bucket]:
    """
    Return the buckets of a kind for an address: those of its network and of the site.

    If both exist, an IPv6 address also has a bucket of its /48. This bucket is the first one, so the reserve depends on
    it.
    """
    found = find_buckets(kind, get_network(address))
    wide = find_network(address, SITE_PREFIX) or ""
    if len(found) == 2 and ":" in wide:
        burst, per_second = found[0].burst, found[0].per_second
        found.insert(0, Bucket(f"{kind}:{wide}", NETWORKS_PER_SITE * burst, NETWORKS_PER_SITE * per_second))
    return found


def find_known_buckets(browser: str, address: str) -> list[Bucket]:
    """
    Return the buckets of a sign-in with a known browser: of its address, of the browser, and of the site.

    Every browser is known to an account that was made with it. So the reserve of the site depends on the address.
    Otherwise one client with a hundred accounts could use up the whole reserve of all known browsers.
    """
    found = find_buckets("sign_ins", browser, reserve=KNOWN_RESERVE)
    if "sign_ins" not in settings.CHAT_LIMITS:
        return found
    burst, per_second = settings.CHAT_LIMITS["sign_ins"]
    name = f"sign_ins:known:{find_network(address, SITE_PREFIX) or address}"
    return [Bucket(name, KNOWN_PER_ADDRESS * burst, KNOWN_PER_ADDRESS * per_second), *found]


def make_refusal(limit: str, wait: float, ref: str | None = None) -> ChatError:
    """Return `rate_limited` for a limit (a key of CHAT_LIMITS), and count the refusal."""
    count_refusal(limit)
    # The time is in whole milliseconds and rounded up, so that a client that waits this long is not refused again.
    return ChatError("rate_limited", "Too much at once; wait a little.", ref, math.ceil(wait * 1000) / 1000)


def count_refusal(limit: str) -> None:
    """Add a refusal of a limit to the numbers that operators see at `/metrics`."""
    store.add_to_tally(REFUSALS, limit)


def count_refusals() -> dict[str, int]:
    """Return {limit: how many requests it has refused}."""
    return store.read_tally(REFUSALS)


# Costs that are known only afterwards.


def check_debt(buckets: Sequence[Bucket]) -> None:
    """
    Raise `rate_limited` if one of the buckets is empty. Take nothing.

    While the buckets are well filled, this needs no round trip to Redis: `charge` reports how many tokens are left.
    When fewer than a tenth are left, this process asks Redis before each request. Until a process knows that a bucket
    is low, it handles at most one request in each of its threads.
    """
    now = time.monotonic()
    if any(_low.get(bucket.name, 0) > now for bucket in buckets):
        take(buckets, 0)


def charge(buckets: Sequence[Bucket], cost: float) -> None:
    """Take the cost of a request that was handled, even from empty buckets. The store may take it later."""
    if buckets and cost:
        store.take_tokens_deferred(buckets, cost, partial(_note_levels, buckets))


def _note_levels(buckets, levels):
    for bucket, level in zip(buckets, levels, strict=True):
        missing = max(1, LOW_SHARE * bucket.burst) - level
        if missing > 0:
            _low.store(bucket.name, time.monotonic() + max(MIN_LOW_SECONDS, missing / bucket.per_second))


def forget_levels() -> None:
    """Forget which buckets are low. Only tests call this."""
    _low.clear()


# Budgets of which some costs are known only afterwards.


def check_reads(owner: int | None, address: str | None) -> None:
    """
    Raise `rate_limited` if a person (None: a stranger) or an address is in debt for what it has read.

    Call this before messages or rows of a list are read for a client, and `count_reads` afterwards.
    """
    if settings.CHAT_LIMITS_ON:
        check_debt(find_buckets("reads", owner, address))


def count_reads(owner: int | None, address: str | None, number: int) -> None:
    """Count the messages and rows of lists that were read for a client."""
    if settings.CHAT_LIMITS_ON:
        charge(find_buckets("reads", owner, address), number)


def check_request(address: str) -> None:
    """Count one HTTP request of an address. Raise `rate_limited`."""
    if settings.CHAT_LIMITS_ON:
        buckets = find_buckets("requests", None, address)
        check_debt(buckets)
        charge(buckets, 1)


def check_markup(owner: int | str, body: str) -> None:
    """
    Count the characters of a body that may be markup, if there are more than FREE_SYMBOLS. Raise `rate_limited`.

    Most bodies are free, so they need no command to Redis.
    """
    if settings.CHAT_LIMITS_ON and (symbols := _count_symbols(body)):
        buckets = find_buckets("markup", owner)
        check_debt(buckets)
        charge(buckets, symbols)


def _count_symbols(body: str) -> int:
    """Return the number of characters that may be markup, or 0 if they are free."""
    symbols = len(_SYMBOL.findall(body)) if len(body) > FREE_SYMBOLS else 0
    return symbols if symbols > FREE_SYMBOLS else 0


def check_preview(owner: int, body: str) -> None:
    """Count one preview of a body that a person writes, and its markup. Raise `rate_limited`."""
    symbols = _count_symbols(body)
    if not symbols:
        check("previews", owner)
        return
    check_each(("previews", owner), ("markup", owner))
    _charge_rest("markup", owner, symbols)


def _charge_rest(kind: str, owner: int | str, cost: float) -> None:
    """Take the cost of a request for which `check_each` has taken one token."""
    if settings.CHAT_LIMITS_ON:
        charge(find_buckets(kind, owner), cost - 1)


def count_download_bytes(owner: int, size: int) -> None:
    """Count the bytes of a file that a person downloads, after `check_each` has taken one token for it."""
    _charge_rest("download_bytes", owner, size)


def check_upload(owner: int) -> None:
    """Count one file that a person uploads. Raise `rate_limited` after too many files, or after too many bytes."""
    check_each(("uploads", owner), ("upload_bytes", owner))


def count_upload_bytes(owner: int, size: int) -> None:
    """Count the bytes of a file that a person has uploaded, after `check_upload` has taken one token for it."""
    _charge_rest("upload_bytes", owner, size)


def check_opening(owner: int, size: int) -> None:
    """Count one file of a message that a person opens, and its bytes. Raise `rate_limited`."""
    check_each(("opened_files", owner), ("download_bytes", owner))
    count_download_bytes(owner, size)


def check_task(owner: int) -> None:
    """
    Count one task that a person starts. Raise `rate_limited` after too many starts, or after too many bytes of results.

    The worker that runs the task counts its bytes, often in another process. So this function asks Redis each time.
    """
    check_each(("tasks", owner), ("task_bytes", owner))


def count_task_bytes(owner: int, size: int) -> None:
    """Count the bytes of a part of a task's result."""
    if settings.CHAT_LIMITS_ON:
        charge(find_buckets("task_bytes", owner), size)
