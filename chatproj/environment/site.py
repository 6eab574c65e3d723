"""The settings of the site as a whole: its addresses, its processes and its keys."""

from chatproj import setting_values as values
from chatproj.setting_kinds import Setting, make_choice, make_count, make_switch, read_folder, read_host, read_key

# Browsers must use https for: the site's host; all names below it too; and that also before their first visit.
HSTS_SCOPES = ("host", "subdomains", "preload")
_HOSTS_EXPECTED = (
    "host names or addresses separated by commas, such as chat.example.com, .example.com (with all names below it),"
    " [::1] or *, without a scheme, a port and a path"
)

SETTINGS = [
    Setting(
        name="SECRET_KEY",
        effect="Signs the cookies of logins, and encrypts the secrets of second factors and webhooks.",
        kind="text",
        parse=read_key,
        expected="a long random text",
        default=None,
        default_text="the key in `var/`; without one, the site does not start",
        example="`openssl rand -hex 32` prints one",
        wrong="",
        is_secret=True,
    ),
    Setting(
        name="PUBLIC_URL",
        effect="The address that people type: the host of links in mails, and the origin that sockets must have.",
        kind="URL",
        parse=values.read_origin,
        expected="like https://chat.example.com, without a path",
        default=None,
        default_text="none: any allowed host is accepted",
        example="https://chat.example.com",
        wrong="chat.example.com",
    ),
    Setting(
        name="ALLOWED_HOSTS",
        effect="The host names that requests may name.",
        kind="list of hosts",
        parse=values.read_hosts,
        expected=_HOSTS_EXPECTED,
        default=[],
        default_text="the host of `PUBLIC_URL`, else this machine's names and addresses",
        example="chat.example.com,.example.org",
        wrong="https://chat.example.com",
    ),
    make_count(
        "TRUSTED_PROXIES",
        "How many proxies in front of the site tell it the client's address and scheme.",
        least=0,
        most=100,
        default=0,
        example="1",
        wrong="yes",
    ),
    Setting(
        name="HOST",
        effect="The address of this machine at which the interface listens.",
        kind="host",
        parse=read_host,
        expected="a host name or an address of this machine, such as 0.0.0.0",
        default="127.0.0.1",
        default_text="127.0.0.1; 0.0.0.0 with another Procfile runner",
        example="0.0.0.0",
        wrong="http://0.0.0.0",
        restart="the interfaces",
        is_shared=False,
    ),
    make_count(
        "PORT",
        "The port at which the interface listens.",
        least=1,
        most=65535,
        default=8000,
        example="9000",
        wrong="http",
        restart="the interfaces",
        is_shared=False,
    ),
    make_count(
        "CHAT_WORKERS",
        "How many workers bin/serve starts.",
        least=1,
        most=64,
        default=2,
        example="4",
        wrong="many",
        restart="bin/serve",
        is_shared=False,
    ),
    Setting(
        name="CHAT_VAR",
        effect="The directory in which bin/serve and the processes keep their files.",
        kind="path",
        parse=read_folder,
        expected="the path of a directory, which is made if it does not exist",
        default=None,
        default_text="`var/`",
        example="/srv/chat/var",
        wrong="/dev/null",
        is_shared=False,
    ),
    make_switch(
        "CHAT_LIMITS", "Whether rate limits are on; switch them off only for load tests.", default=True, example="off"
    ),
    # The browsers' lists of sites that use https only (`preload`) accept no less than a year. Two years are common too.
    make_count(
        "HSTS_SECONDS",
        "How long browsers remember to use https only.",
        least=0,
        most=10**9,
        default=365 * 24 * 3600,
        example="0",
        wrong="1 year",
    ),
    make_choice(
        "HSTS_SCOPE",
        "The names for which browsers use https only: the host, all names below it, or the browsers' own list.",
        choices=HSTS_SCOPES,
        default="host",
        example="subdomains",
        wrong="domain",
    ),
    Setting(
        name="SECURITY_CONTACT",
        effect="Where people report a vulnerability: /.well-known/security.txt names it.",
        kind="URL",
        parse=values.read_contact,
        expected=values.CONTACT_EXPECTED,
        default=None,
        default_text="none: `/.well-known/security.txt` answers 404",
        example="mailto:security@example.com",
        wrong="security.example.com",
    ),
    make_switch(
        "DEBUG",
        "Whether error pages show the code and its variables; never switch it on where others can connect.",
        default=False,
        example="1",
    ),
]
