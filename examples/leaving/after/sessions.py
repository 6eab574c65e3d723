"""
Store sessions in the database in the format of Django 2.2, which Django 4 cannot read.

Django 4 reads an old session as empty. Django 2.2 reads a new session as empty, or raises `binascii.Error`.
"""

import base64
import binascii

from django.contrib.sessions.backends import db
from django.utils.crypto import constant_time_compare, salted_hmac

SALT = "django.contrib.sessionsSessionStore"


class SessionStore(db.SessionStore):
    """Writes the old format. Reads the old and the new format."""

    def encode(self, session_dict):
        serialized = self.serializer().dumps(session_dict)
        return base64.b64encode(self._digest(serialized) + b":" + serialized).decode("ascii")

    def decode(self, session_data):
        try:
            digest, _, serialized = base64.b64decode(session_data.encode("ascii"), validate=True).partition(b":")
        except (binascii.Error, UnicodeEncodeError):
            return super().decode(session_data)
        if not constant_time_compare(digest, self._digest(serialized)):
            return {}
        return self.serializer().loads(serialized)

    def _digest(self, serialized):
        return salted_hmac(SALT, serialized, algorithm="sha1").hexdigest().encode("ascii")
