"""The browsers that receive pushes: notices through the push service of the browser, even while no page is open."""

from django.db import models
from django.utils import timezone

from .people import Person
from .profiles import Login


class PushSubscription(models.Model):
    """
    A browser that receives pushes for a person. The row belongs to a login, and is deleted with this login.

    - `endpoint`: the address at the push service, which the browser has named; `digest`: the digest of this address.
    - `public_key`, `secret`: the keys of the browser, in base64url. Only the browser can read what they encrypt.
    - `language`, `time_zone`: the browser's values. They are used if the person has chosen none.
    - `shows_text`: whether a push contains the text of a message.
    - `failures`: the failures since the last success; `failing_since`: when the first of them happened.
    - `held_until`: nothing is sent to the push service before this time.
    """

    MAX_ENDPOINT = 1000

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, related_name="push_subscriptions", on_delete=models.CASCADE)
    login = models.OneToOneField(Login, related_name="push_subscription", on_delete=models.CASCADE)
    endpoint = models.CharField(max_length=MAX_ENDPOINT)
    digest = models.CharField(max_length=64, unique=True)
    public_key = models.CharField(max_length=100)
    secret = models.CharField(max_length=40)
    language = models.CharField(max_length=10)
    time_zone = models.CharField(max_length=64, blank=True)
    shows_text = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField("last success", null=True)
    failures = models.IntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)

    def __str__(self):
        return f"the pushes of {self.person} in {self.login.browser}"
