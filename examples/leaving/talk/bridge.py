"""
The bridge between both sites while they run side by side.

Each site appends its group messages to a list in Redis. A process of the other site sends them to the groups of its
site. While no process reads the list, the list keeps the newest MAX_WAITING messages.

BRIDGE in the settings is {"url": Redis, "from": name of this site, "to": name of the other site}, or None.

The reader removes a message after it has sent the message. So a killed bridge repeats messages and loses none; clients
ignore an id that they already have. If Redis loses the list, clients get the messages with their next `after` frame.
Only one reader of each list may run.
"""

import json
import time

import redis
from django.conf import settings

MAX_WAITING = 10000  # messages that the list keeps while nobody reads it
BATCH = 200
PAUSE_SECONDS = 0.02
RETRY_SECONDS = 0.5

_clients = {}


def _client():
    url = settings.BRIDGE["url"]
    if url not in _clients:
        _clients[url] = redis.Redis.from_url(url, socket_timeout=5)
    return _clients[url]


def _list(source):
    return "bridge:from-" + source


def publish(group, text):
    """Hand a text for a group to the other site. If Redis fails, clients get it with their next `after`."""
    if settings.BRIDGE is None:
        return
    name = _list(settings.BRIDGE["from"])
    try:
        pipeline = _client().pipeline(transaction=False)
        pipeline.rpush(name, json.dumps([group, text]))
        pipeline.ltrim(name, -MAX_WAITING, -1)
        pipeline.execute()
    except redis.RedisError:
        pass


def forward(send):
    """Call `send(group, text)` for each message of the other site. This function does not return."""
    name = _list(settings.BRIDGE["to"])
    while True:
        try:
            waiting = _client().lrange(name, 0, BATCH - 1)
            for item in waiting:
                send(*json.loads(item))
            if waiting:
                _client().ltrim(name, len(waiting), -1)
            else:
                time.sleep(PAUSE_SECONDS)
        except redis.RedisError:
            time.sleep(RETRY_SECONDS)
