"""The settings that decide who may enter the site, and how."""

from chatproj import setting_values as values
from chatproj.setting_kinds import Setting, make_choice, make_switch, read_name, read_word

# These people may open direct conversations: everybody; accounts with accounts; people who share a room; nobody.
DIRECTS = ("everyone", "members", "shared", "nobody")
# People may create accounts: everybody; those with an invitation; nobody.
SIGN_UP = ("open", "invitation", "closed")
# These accounts must have a second factor: none; the operators; all. Accounts without a password need none.
SECOND_FACTOR = ("optional", "operators", "everyone")
# People who may add emoji to the site: operators; all accounts; nobody.
CUSTOM_EMOJI = ("operators", "members", "nobody")
# People would trust messages from these handles, or take them for something else in a message or a command (@all).
RESERVED_HANDLES = (
    *("admin", "administrator", "official", "support", "security", "system", "webmaster", "abuse"),
    *("everyone", "everybody", "all", "here", "channel"),
)

SETTINGS = [
    make_choice(
        "CHAT_SIGN_UP",
        "Who may create an account with a password.",
        choices=SIGN_UP,
        default="open",
        example="invitation",
        wrong="friends",
    ),
    make_switch(
        "CHAT_MEMBERS_INVITE",
        "Whether every account may invite people to the site, and not only operators.",
        default=False,
        example="on",
    ),
    make_switch(
        "CHAT_GUESTS", "Whether people without an account may enter rooms and boards.", default=True, example="off"
    ),
    make_switch("CHAT_NEW_ROOMS_GUESTS", "Whether new rooms are open to guests.", default=True, example="off"),
    make_choice(
        "CHAT_DIRECTS",
        "Who may open direct conversations.",
        choices=DIRECTS,
        default="members",
        example="shared",
        wrong="friends",
    ),
    make_choice(
        "CHAT_CUSTOM_EMOJI",
        "Who may add emoji to the site.",
        choices=CUSTOM_EMOJI,
        default="operators",
        example="members",
        wrong="everyone",
    ),
    Setting(
        name="CHAT_RESERVED_HANDLES",
        effect="The handles that people get only from an operator.",
        kind="list of handles",
        parse=values.read_handles,
        expected=values.HANDLES_EXPECTED,
        default=RESERVED_HANDLES,
        default_text=f"{', '.join(RESERVED_HANDLES)}; `none` reserves none",
        example="admin, support",
        wrong="x" * 33,
    ),
    make_choice(
        "CHAT_SECOND_FACTOR",
        "Who must sign in with a second factor.",
        choices=SECOND_FACTOR,
        default="optional",
        example="operators",
        wrong="required",
    ),
    Setting(
        name="OIDC_ISSUER",
        effect="The provider with which people sign in by OpenID Connect.",
        kind="URL",
        parse=values.read_issuer,
        expected=values.ISSUER_EXPECTED,
        default=None,
        default_text="none: no sign-in with OpenID Connect",
        example="https://login.example.com",
        wrong="http://login.example.com",
    ),
    Setting(
        name="OIDC_CLIENT_ID",
        effect="The id of this site at the provider.",
        kind="text",
        parse=read_word,
        expected="the client's id, without spaces",
        default=None,
        default_text="none",
        example="chat",
        wrong="two words",
    ),
    Setting(
        name="OIDC_CLIENT_SECRET",
        effect="The secret of this site at the provider.",
        kind="text",
        parse=read_word,
        expected="the client's secret, without spaces",
        default=None,
        default_text="none: the client has no secret",
        example="the-secret-of-the-client",
        wrong="two words",
        is_secret=True,
    ),
    Setting(
        name="OIDC_NAME",
        effect="The name of the provider on the button of the sign-in page.",
        kind="text",
        parse=read_name,
        expected="the provider's name, of 1 to 40 characters",
        default="OpenID Connect",
        default_text="OpenID Connect",
        example="Example Login",
        wrong="x" * 41,
    ),
    Setting(
        name="OIDC_SCOPES",
        effect="The scopes that this site requests from the provider.",
        kind="list of scopes",
        parse=values.read_scopes,
        expected=values.SCOPES_EXPECTED,
        default="openid profile",
        default_text="openid profile",
        example="openid profile groups",
        wrong="profile",
    ),
    make_choice(
        "OIDC_SIGN_UP",
        "Who may create an account at the first sign-in with the provider.",
        choices=SIGN_UP,
        default=None,
        example="open",
        wrong="friends",
        default_text="the value of `CHAT_SIGN_UP`",
    ),
    make_switch("OIDC_ONLY", "Whether only operators may sign in with a password.", default=False, example="on"),
]
