"""The settings for the connections that the server makes for people: hooks, link previews and push services."""

from chatproj import setting_values as values
from chatproj.setting_kinds import Setting, make_switch

SETTINGS = [
    Setting(
        name="OUTGOING_NETWORKS",
        effect="Private networks to which the server may connect for hooks, link previews and push services;"
        " public addresses need no entry.",
        kind="list of networks",
        parse=values.read_networks,
        expected="networks separated by commas, such as 10.0.0.0/8 or fd00::/8",
        default=[],
        default_text="none: only public addresses",
        example="10.20.0.0/16",
        wrong="intranet",
    ),
    make_switch(
        "CHAT_LINK_PREVIEWS",
        "Whether the server fetches pages that messages link to, and shows previews: title, description and image.",
        default=False,
        example="on",
    ),
    Setting(
        name="CHAT_VAPID_KEY",
        effect="The private key with which the site sends notifications to closed browsers.",
        kind="key",
        parse=values.read_vapid_key,
        expected=values.VAPID_KEY_EXPECTED,
        default=None,
        default_text="none: no notifications to closed browsers",
        example="`manage.py vapid` prints one",
        wrong="secret",
        is_secret=True,
    ),
    Setting(
        name="CHAT_VAPID_CONTACT",
        effect="The address at which push services reach the operators of the site.",
        kind="contact",
        parse=values.read_contact,
        expected=values.CONTACT_EXPECTED,
        default=None,
        default_text="`SECURITY_CONTACT`, else `PUBLIC_URL`",
        example="mailto:chat@example.com",
        wrong="chat@example.com",
    ),
    Setting(
        name="CHAT_PUSH_SERVICES",
        effect="The hosts of the push services that the site accepts. The browser chooses its push service, and the"
        " site refuses a subscription with another host.",
        kind="list of hosts",
        parse=values.read_hosts,
        expected="host names separated by commas, such as push.example.com or .example.com (with all names below it)",
        default=["fcm.googleapis.com", ".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com"],
        default_text="those of Chrome, Firefox, Safari and Edge",
        example=".push.apple.com,fcm.googleapis.com",
        wrong="https://push.example.com",
    ),
    make_switch(
        "CHAT_SERVICE_WORKER",
        "Whether pages have the service worker, which notifications need; if off, browsers remove it.",
        default=True,
        example="off",
    ),
]
