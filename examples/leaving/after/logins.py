"""
What keeps logins valid on Django 2.2 and on Django 4 or later at the same time, for the time when both sites run.

Both versions of Django keep a digest of the password's hash in the session, but with another algorithm. A newer Django
finds the digest of the old one wrong, and deletes the session. It also hashes the password again at the next login,
with more iterations and a longer salt. Django 2.2 then hashes it back. Each time, all other browsers of the user are
logged out.
"""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils.crypto import salted_hmac

SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"


class Hasher(PBKDF2PasswordHasher):
    """Makes hashes as Django 2.2 does, and never hashes a password again."""

    iterations = 150000

    def must_update(self, encoded):
        return False

    def harden_runtime(self, password, encoded):
        """Do nothing: all hashes have the same iterations."""


def get_session_auth_hash(user):
    """Return the digest of Django 2.2."""
    return salted_hmac(SALT, user.password, algorithm="sha1").hexdigest()


def keep_logins():
    """Make every user model use the digest of Django 2.2. A site with a user model of its own overrides the method."""
    AbstractBaseUser.get_session_auth_hash = get_session_auth_hash
