"""
The table of what is fuzzed. A new parser of input from outside, such as an importer or a webhook, gets a row here.

Then it is fuzzed in every build, and by `bin/test --fuzz`. Put first inputs into tests/fuzz/corpus/<name>/.
"""

from tests.fuzz import tokens
from tests.fuzz.harnesses import (
    commands,
    headers,
    histories,
    interface,
    pages,
    pictures,
    protocol,
    site,
    texts,
    uploads,
)
from tests.fuzz.target import Target

EVENTS = tuple(f'{{"type": "{name}", "ref": "r1"'.encode() for events in protocol.TABLES for name in events)
CREDENTIALS = (
    f"Cookie: sessionid={site.SESSION}; csrftoken={site.CSRF}\r\nX-CSRFToken: {site.CSRF}\r\n".encode(),
    f"Authorization: Bearer {site.TOKEN}\r\n".encode(),
)
IMPORTS = ("chat.services.imports",)
INTERFACE = ("channels_transport.interface", "daphne", "autobahn.websocket", "twisted.web.http")

TARGETS = {
    target.name: target
    for target in (
        Target("frames", protocol.check_frame, ("chat.protocol",), EVENTS + tokens.FRAME_FIELDS),
        Target("moments", protocol.check_moment, ("chat.protocol", "pytz.tzinfo"), tokens.MOMENTS, most_bytes=100),
        Target("markup", texts.check_markup, ("chat.markup", "markdown_it"), tokens.MARKDOWN, most_bytes=1000),
        Target("payloads", texts.check_payload, ("chat.services.hooks",), tokens.PAYLOAD, most_bytes=1000),
        Target("queries", texts.check_query, ("chat.services.search", "chat.protocol"), tokens.QUERY, most_bytes=400),
        Target("snippets", texts.check_snippet, ("chat.services.search",), tokens.QUERY, most_bytes=400),
        Target(
            "commands",
            commands.check_text,
            ("chat.services.moments", "chat.services.polls"),
            tokens.COMMANDS,
            most_bytes=400,
        ),
        Target("ids", headers.check_ids, ("chat.protocol",), tokens.IDS, most_bytes=100),
        Target(
            "client-headers",
            headers.check_client_headers,
            ("chat.http.encodings", "django.http.cookie", "http.cookies", "chat.http.responses"),
            tokens.HEADERS,
            most_bytes=500,
        ),
        Target(
            "proxy-headers",
            headers.check_proxy_headers,
            ("channels_transport.interface.headers", "ipaddress"),
            tokens.HEADERS,
            most_bytes=300,
        ),
        Target("forms", headers.check_form, ("django.http", "chat.http.form_bodies"), tokens.FORM, most_bytes=1000),
        Target(
            "uploads",
            uploads.check_body,
            ("channels_transport.interface.bodies", "multipart"),
            tokens.FORM,
            most_bytes=1000,
        ),
        Target("downloads", uploads.check_download, ("chat.http.file_responses",), tokens.HEADERS, most_bytes=300),
        Target("items", headers.check_items, ("channels_transport.items",), tokens.ITEMS, most_bytes=300),
        Target(
            "sessions",
            headers.check_session,
            ("channels_transport.sessions", "json.decoder"),
            tokens.ITEMS,
            most_bytes=300,
        ),
        Target("slack", histories.check_slack, IMPORTS, tokens.SLACK, most_bytes=1000),
        Target("mattermost", histories.check_mattermost, IMPORTS, tokens.MATTERMOST, most_bytes=1000),
        Target("transcripts", histories.check_transcript, IMPORTS, tokens.TRANSCRIPT, most_bytes=1000),
        Target("requests", interface.check_request, INTERFACE, tokens.HTTP, most_bytes=2000),
        Target("handshakes", interface.check_handshake, INTERFACE, tokens.HTTP, most_bytes=2000),
        Target("websockets", interface.check_websocket, INTERFACE, tokens.WEBSOCKET, most_bytes=1000),
        Target("pages", pages.check_page, ("chat.services.link_previews",), tokens.PAGES, most_bytes=2000),
        Target(
            "pictures",
            pictures.check_picture,
            ("PIL", "chat.services.people.pictures", "chat.services.uploads"),
            tokens.IMAGES,
            most_bytes=3000,
        ),
        Target(
            "site",
            site.rolled_back(site.check_http),
            ("chat", "channels_transport.interface", "django.http"),
            tokens.HTTP + tokens.SITE + CREDENTIALS,
            needs_database=True,
            most_bytes=2000,
        ),
        Target(
            "sockets",
            site.rolled_back(site.check_socket),
            ("chat",),
            EVENTS + tokens.FRAME_FIELDS,
            needs_database=True,
            most_bytes=1000,
        ),
        Target(
            "searches",
            site.rolled_back(site.check_search),
            ("chat.services.search", "chat.models"),
            tokens.QUERY,
            needs_database=True,
            most_bytes=400,
        ),
    )
}
STATELESS = sorted(name for name, target in TARGETS.items() if not target.needs_database)
WITH_DATABASE = sorted(name for name, target in TARGETS.items() if target.needs_database)
