"""The settings of e-mail."""

from chatproj import mail_settings
from chatproj.setting_kinds import Setting

SETTINGS = [
    Setting(
        name="EMAIL_URL",
        effect="The server that sends mails. Without it, the site has no function for e-mail.",
        kind="URL",
        parse=mail_settings.read_mail_server,
        expected=mail_settings.SERVER_EXPECTED,
        default=None,
        default_text="none: the site sends no mails",
        example="smtp://chat:secret@mail.example.com:587",
        wrong="http://mail.example.com",
        is_secret=True,
    ),
    Setting(
        name="EMAIL_FROM",
        effect="The sender of the mails.",
        kind="address",
        parse=mail_settings.read_sender,
        expected=mail_settings.SENDER_EXPECTED,
        default=None,
        default_text="no-reply@ and the host of `PUBLIC_URL`",
        example="Chat <chat@example.com>",
        wrong="Chat",
    ),
]
