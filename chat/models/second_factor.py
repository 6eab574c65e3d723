"""
The second factor of a sign-in: the secret of a person's app, the recovery codes, and the log of an account's security.

A person without a row has no second factor. The key that encrypts the secret is not in the database.
"""

from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from .people import Person


class SecondFactor(models.Model):
    """
    The app that makes one-time codes for a person.

    `secret` is encrypted. `last_step` is the time step of the last code that was accepted: after that, neither this
    code nor an earlier one is accepted.
    """

    person = models.OneToOneField(Person, primary_key=True, related_name="second_factor", on_delete=models.CASCADE)
    secret = models.CharField(max_length=200)
    last_step = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"the second factor of {self.person}"


class RecoveryCode(models.Model):
    """A code that replaces a code of the app once. Only its digest is stored. `used_at` is null before its use."""

    person = models.ForeignKey(Person, related_name="recovery_codes", on_delete=models.CASCADE)
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "digest"], name="one_recovery_code_per_digest")]

    def __str__(self):
        return f"a recovery code of {self.person}"


class AccountEntry(models.Model):
    """
    One change of the security of an account. The entry is written in the transaction of the change, and never changed.

    `actor` is None if nobody was signed in: for a management command, and for a reset of the password by e-mail.
    """

    FACTOR_ON, FACTOR_OFF, NEW_CODES, CODE_USED = "factor_on", "factor_off", "new_codes", "code_used"
    PASSWORD, RESET, EMAIL = "password", "reset", "email"
    CONNECTED, DISCONNECTED = "connected", "disconnected"
    ACTS = [
        (FACTOR_ON, pgettext_lazy("change of an account", "two-factor sign-in on")),
        (FACTOR_OFF, pgettext_lazy("change of an account", "two-factor sign-in off")),
        (NEW_CODES, pgettext_lazy("change of an account", "new recovery codes")),
        (CODE_USED, pgettext_lazy("change of an account", "recovery code used")),
        (PASSWORD, pgettext_lazy("change of an account", "password changed")),
        (RESET, pgettext_lazy("change of an account", "password reset by e-mail")),
        (EMAIL, pgettext_lazy("change of an account", "e-mail address changed")),
        (CONNECTED, pgettext_lazy("change of an account", "external login connected")),
        (DISCONNECTED, pgettext_lazy("change of an account", "external login disconnected")),
    ]

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, related_name="account_entries", on_delete=models.CASCADE)
    actor = models.ForeignKey(Person, null=True, related_name="+", on_delete=models.SET_NULL)
    act = models.CharField(max_length=20, choices=ACTS)
    address = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "account log"

    def __str__(self):
        return f"{self.act} of {self.person}"
