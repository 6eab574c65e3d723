"""
The tokens of bots, and what each of them allows.
"""

from django.db import connection, models
from django.utils import timezone

from .grants import GRANT_COLUMNS, SCOPES, parse_scopes, read_grant
from .people import Person
from .rooms import Room
from .statements import IS_UNEXPIRED, Columns, set_related


class TokenManager(models.Manager):
    def find_by_digest(self, digest: str) -> "Token | None":
        """
        Return the token with this digest of its key, or None. Run one statement.

        The token's person is active, and has the token's `grant`. An expired token is not found.
        """
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(_FIND_BY_DIGEST[connection.vendor], [digest, now])
            found = cursor.fetchone()
        if found is None:
            return None
        values = iter(found)
        token, person = _TOKEN.make_row(values), _PERSON.make_row(values)
        person.grant = read_grant(values)
        set_related(token, person=person)
        return token

    def expired(self) -> models.QuerySet:
        """Select the tokens that have expired."""
        return self.filter(expires_at__lte=timezone.now())


class Token(models.Model):
    """
    A key with which a bot uses a person's account. Only the digest of the key is stored.

    - `scopes`: the names of the token's scopes, separated by spaces. Null means every scope: tokens that are older than
      scopes have null, and workers of an older version insert null;
    - `only_rooms`: whether the token reaches only `rooms`. Null is False. When such a room is deleted, it leaves
      `rooms`, and the token never reaches more rooms than before;
    - `expires_at`: the end of the token; null if it has none;
    - `used_at`: the time of the last use, or a time at most a few minutes before it; null if it was never used;
    - `survives_password_change`: whether the token stays when the person changes the password. Null is False.
    """

    person = models.ForeignKey(Person, related_name="tokens", on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    scopes = models.CharField(max_length=100, null=True, editable=False)
    only_rooms = models.BooleanField(null=True, editable=False)
    rooms = models.ManyToManyField(Room, related_name="tokens", editable=False)
    expires_at = models.DateTimeField(null=True, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)
    survives_password_change = models.BooleanField(null=True, editable=False)

    # The people service sets these attributes for lists of tokens. They are not columns.
    shown_rooms: list[Room] | None = None
    expires_soon = False

    objects = TokenManager()

    def __str__(self):
        return f"{self.name} of {self.person}"

    def get_scopes(self) -> list[str]:
        """Return the names of the token's scopes, in the order of SCOPES."""
        found = parse_scopes(self.scopes)
        return [scope for scope in SCOPES if scope in found]


_TOKEN, _PERSON = Columns(Token, "token"), Columns(Person, "person")
_FIND_BY_DIGEST = {
    vendor: f"""
        SELECT {_TOKEN.sql}, {_PERSON.sql}, {columns}
        FROM chat_token token JOIN chat_person person ON person.id = token.person_id
        WHERE token.digest = %s AND person.is_active AND {IS_UNEXPIRED}
    """
    for vendor, columns in GRANT_COLUMNS.items()
}
