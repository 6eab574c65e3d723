"""
What people say about themselves, how they want the site to be, and the browsers in which they are signed in.

A person without a row has the defaults. These columns are not in the table of people, because every frame reads the row
of the person there.
"""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext

from .people import Person


class Profile(models.Model):
    """
    What other people see of a person. Each text may be empty.

    `picture` is the digest of the person's Picture, or "".
    """

    MAX_NAME, MAX_STATUS = 64, 100

    person = models.OneToOneField(Person, primary_key=True, related_name="profile", on_delete=models.CASCADE)
    name = models.CharField(max_length=MAX_NAME, blank=True)
    status = models.CharField(max_length=MAX_STATUS, blank=True)
    emoji = models.CharField("emoji of the status", max_length=64, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    picture = models.CharField(max_length=64, blank=True, editable=False)

    def __str__(self):
        return f"the profile of {self.person}"


class Picture(models.Model):
    """
    The picture of a person, as WebP.

    The address of a picture contains its digest, so browsers may keep the picture.
    """

    person = models.OneToOneField(Person, primary_key=True, related_name="own_picture", on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, db_index=True)
    content = models.BinaryField()

    def __str__(self):
        return f"the picture of {self.person}"


class Preferences(models.Model):
    """
    How a person wants the site to be.

    - `theme`: light, dark, or the theme of the system;
    - `language`: a code such as `de`, or "" for the language of the browser;
    - `notify`: which events the browser reports: mentions and direct messages, all messages, or nothing;
    - `sound`: whether a notification makes a sound;
    - `quiet_from`, `quiet_to`: when notifications pause each day, in the time zone of the person; both may be null;
    - `opens_at`: where a room opens: at the first unread message, or at the last place that this browser showed;
    - `hide_previews`: whether messages appear without the previews of their links; null counts as false.
    """

    SYSTEM, LIGHT, DARK = "system", "light", "dark"
    THEMES = (SYSTEM, LIGHT, DARK)
    ALL, MENTIONS, NONE = "all", "mentions", "none"
    NOTIFY = (ALL, MENTIONS, NONE)
    UNREAD, LAST = "unread", "last"
    OPENS_AT = (UNREAD, LAST)

    person = models.OneToOneField(Person, primary_key=True, related_name="preferences", on_delete=models.CASCADE)
    theme = models.CharField(max_length=10, default=SYSTEM)
    language = models.CharField(max_length=10, blank=True)
    notify = models.CharField(max_length=10, default=MENTIONS)
    sound = models.BooleanField(default=False)
    quiet_from = models.TimeField(null=True)
    quiet_to = models.TimeField(null=True)
    opens_at = models.CharField(max_length=10, default=UNREAD)
    hide_previews = models.BooleanField(null=True, default=False)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self):
        return f"the preferences of {self.person}"


class Login(models.Model):
    """
    A browser in which a person is signed in.

    The row belongs to the login session with the key `session_key`, and is deleted with the session. `agent` is the
    header User-Agent.
    """

    MAX_AGENT = 200
    # The first entry whose text is in the header counts. Most browsers also name others: Edge names Chrome and Safari.
    _BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "FxiOS/": "Firefox", "Chrome/": "Chrome"}
    _BROWSERS |= {"CriOS/": "Chrome", "Safari/": "Safari"}
    _SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "CrOS": "ChromeOS"}
    _SYSTEMS |= {"Mac OS": "macOS", "Linux": "Linux"}

    person = models.ForeignKey(Person, related_name="logins", on_delete=models.CASCADE)
    session_key = models.CharField(max_length=40, unique=True)
    agent = models.CharField(max_length=MAX_AGENT, blank=True)
    address = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self):
        return f"a login of {self.person}"

    @property
    def browser(self) -> str:
        """Return the browser and its system in words, such as "Firefox on Linux", as far as `agent` names them."""
        browser = next((name for mark, name in self._BROWSERS.items() if mark in self.agent), gettext("A browser"))
        system = next((name for mark, name in self._SYSTEMS.items() if mark in self.agent), None)
        return gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser
