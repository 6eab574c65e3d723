"""
What the database and Redis raise when they are away for a moment: the same may succeed if it is tried again.

Whoever answers people catches these apart from real failures.
"""

import redis
from django.db import InterfaceError, OperationalError

OUTAGES = (OperationalError, InterfaceError, redis.ConnectionError, redis.TimeoutError)
