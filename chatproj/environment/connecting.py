"""The settings of what the site connects to at the request of people: hooks, links and push services."""

from chatproj import setting_values as values
from chatproj.setting_kinds import Setting, make_switch

SETTINGS = [
    Setting(
        name="OUTGOING_NETWORKS",
        effect="Private networks that hooks and other requests of people may reach; public addresses need no entry.",
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
        "Whether the server fetches the pages that messages link to, and shows what they say about themselves.",
        default=False,
        example="on",
    ),
]
