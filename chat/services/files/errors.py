"""The errors of stored files. Callers translate them into their own errors."""

from django.db import OperationalError

from channels_transport.uploads import NoSpace as NoSpaceForUpload


class FileLost(LookupError):
    """There is no such file: it was deleted, it is not complete, or another machine has it."""


class FileTooLarge(Exception):
    """The file would have more bytes than its writer allows."""


class NoSpace(NoSpaceForUpload):
    """The store is full, or has only the space left that is reserved for other data."""


class StoreUnavailable(OperationalError):
    """
    A bucket cannot be reached now. `channels_transport.OUTAGES` includes this error, so code for outages handles it
    too.
    """
