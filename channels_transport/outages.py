"""
The exceptions that mean an outage: the same operation may succeed if it is tried again.

Code that answers clients handles these exceptions apart from other failures. Two kinds of errors are no outage, and are
logged with their traceback:

* `redis.ResponseError`: Redis answered, and refused the command.
* A `django.db.DatabaseError` that is no `OperationalError` (a violated constraint, a missing table on PostgreSQL): a
  retry of the same statement fails in the same way.
"""

from __future__ import annotations

import redis
from django.db import InterfaceError, OperationalError

# Redis cannot be reached, or does not answer in time.
REDIS_OUTAGES = (redis.ConnectionError, redis.TimeoutError)
# The connection to the database broke, or the database is locked, full or shutting down.
DATABASE_OUTAGES = (OperationalError, InterfaceError)
OUTAGES = (*DATABASE_OUTAGES, *REDIS_OUTAGES)
