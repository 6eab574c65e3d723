"""
E-mail: the address of a person, and the mails that are still to be sent.

No row contains the secret of a link: the worker that sends a mail makes the link.
"""

from django.db import models
from django.utils import timezone

from .people import Person


class EmailAddress(models.Model):
    """
    The e-mail address of an account.

    - `address`: the verified address, which gets mails; "" if there is none.
    - `key`: the address in lower case, for finding it; several accounts may have the same address.
    - `pending`: an address that the person has entered and not verified; "" if there is none.
    - `digest`: the digest of the secret in the link that verifies `pending`; "" before the mail is sent.
    - `sent_at`: when the mail with this link was sent.
    """

    MAX_ADDRESS = 254

    person = models.OneToOneField(Person, primary_key=True, related_name="email", on_delete=models.CASCADE)
    address = models.CharField(max_length=MAX_ADDRESS, blank=True)
    key = models.CharField(max_length=MAX_ADDRESS, blank=True, db_index=True)
    pending = models.CharField(max_length=MAX_ADDRESS, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "e-mail addresses"

    def __str__(self):
        return f"the e-mail address of {self.person}"


class Mail(models.Model):
    """
    A mail that is still to be sent. The row is deleted when the mail server has accepted the mail, or after a failure
    for which no further try is made.

    - `kind`: which function writes the mail; `params`: its parameters, as JSON.
    - `person`: the person whom the mail is about, or None if the worker has to find the person.
    - `due_at`: when the next try is due. A worker that tries moves this time into the future first.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=30)
    person = models.ForeignKey(Person, null=True, related_name="mails", on_delete=models.CASCADE)
    params = models.TextField(default="{}")
    tries = models.IntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"the mail {self.kind} {self.id}"
