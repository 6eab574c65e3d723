"""
The check whether the user of Redis may run the commands that docs/layers.md allows.

Some commands run only when a worker or an interface dies. If the user may not run them, the site seems to work until
then. Each command is tried with a key that does not exist. If a command creates the key, the same trip deletes it.
"""

from __future__ import annotations

import secrets
from typing import Any

from redis.exceptions import ResponseError

from .findings import Finding

NO_SCRIPT = "0" * 40
# {command: its arguments}; KEY is a key that does not exist.
KEY = "the key"
COMMANDS: dict[str, tuple[object, ...]] = {
    "ping": (),
    "info": ("server",),
    "time": (),
    "scan": ("0", "COUNT", 1),
    "type": (KEY,),
    "getrange": (KEY, 0, 4),
    "pttl": (KEY,),
    "mget": (KEY,),
    "exists": (KEY,),
    "get": (KEY,),
    "expire": (KEY, 1),
    "ttl": (KEY,),
    "hget": (KEY, "a"),
    "hdel": (KEY, "a"),
    "hgetall": (KEY,),
    "hexists": (KEY, "a"),
    "hkeys": (KEY,),
    "hlen": (KEY,),
    "hmget": (KEY, "a"),
    "hrandfield": (KEY,),
    "llen": (KEY,),
    "lindex": (KEY, 0),
    "lrange": (KEY, 0, 0),
    "lpop": (KEY,),
    "lrem": (KEY, 0, "a"),
    "ltrim": (KEY, 0, 0),
    "lmove": (KEY, KEY, "LEFT", "RIGHT"),
    "blmove": (KEY, KEY, "LEFT", "RIGHT", 0.01),
    "blmpop": (0.01, 1, KEY, "LEFT"),
    "srem": (KEY, "a"),
    "smembers": (KEY,),
    "zrem": (KEY, "a"),
    "zcard": (KEY,),
    "zcount": (KEY, 0, 1),
    "zrange": (KEY, 0, 1),
    "zrangebyscore": (KEY, 0, 1),
    "zscore": (KEY, "a"),
    "zremrangebyscore": (KEY, 0, 1),
    "evalsha": (NO_SCRIPT, 1, KEY),
    "script|load": ("return 1",),
    "client|id": (),
    "client|unblock": (0,),
    # The commands from here on, except `del` itself, create the key, so `del` follows each of them.
    "set": (KEY, "a", "EX", 1),
    "incr": (KEY,),
    "hset": (KEY, "a", 1),
    "hsetnx": (KEY, "a", 1),
    "hincrby": (KEY, "a", 1),
    "lpush": (KEY, "a"),
    "rpush": (KEY, "a"),
    "sadd": (KEY, "a"),
    "zadd": (KEY, 1, "a"),
    "del": (KEY,),
}
CREATING = ("set", "incr", "hset", "hsetnx", "hincrby", "lpush", "rpush", "sadd", "zadd")


def check_permissions(layer: Any, shard: Any) -> list[Finding]:
    """Report the commands that the user of a server may not run."""
    key = f"{layer.prefix}doctor:{secrets.token_hex(8)}"
    commands = [(name, _make(name, arguments, key)) for name, arguments in COMMANDS.items()]
    trip: list[tuple[object, ...]] = []
    for name, command in commands:
        trip.append(command)
        if name in CREATING:
            trip.append(("DEL", key))
    answers = dict(zip((_name(command) for command in trip), shard.ask(*trip)))
    forbidden = sorted(name for name, answer in answers.items() if _is_refusal(answer))
    if not forbidden:
        return []
    text = f"The user of the Redis at {shard.address} may not run {', '.join(forbidden)}: allow these commands."
    return [Finding.problem("redis", text)]


def _make(name: str, arguments: tuple[object, ...], key: str) -> tuple[object, ...]:
    return (*name.upper().split("|"), *(key if argument == KEY else argument for argument in arguments))


def _name(command: tuple[object, ...]) -> str:
    words = [str(word).lower() for word in command[:2]]
    return "|".join(words) if words[0] in ("script", "client") else words[0]


def _is_refusal(answer: object) -> bool:
    return isinstance(answer, ResponseError) and str(answer).startswith("NOPERM")
