"""
Keep logins valid while a site on Django 2.2 and a site on Django 4 or later run at the same time.

Both versions of Django keep a digest of the password's hash in the session, but compute it with different algorithms.
Django 4 finds the digest of Django 2.2 wrong, and deletes the session.

At a login, Django 4 also replaces the hash of the password with one that has more iterations and a longer salt. At the
next login on the old site, Django 2.2 replaces this hash again. Each new hash logs out all other browsers of the user.
"""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils.crypto import salted_hmac

SALT = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"


class Hasher(PBKDF2PasswordHasher):
    """Makes the hashes of Django 2.2, and never replaces a hash at a login."""

    iterations = 150000

    def must_update(self, encoded):
        return False

    def harden_runtime(self, password, encoded):
        """Do nothing: all hashes have the same number of iterations."""


def get_session_auth_hash(user):
    """Return the digest of Django 2.2."""
    return salted_hmac(SALT, user.password, algorithm="sha1").hexdigest()


def keep_logins():
    """Make every user model use the digest of Django 2.2. Your own user model may define the method instead."""
    AbstractBaseUser.get_session_auth_hash = get_session_auth_hash
