"""Requests of tools to an incoming webhook, most of them in Slack's format, become messages that people can read."""

import pytest

from chat import markup
from chat.services.hooks import read_payload
from chat.services.hooks.mrkdwn import convert

pytestmark = pytest.mark.no_database

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*Deploy* of <https://ci.example/7|build 7> done"}}


@pytest.mark.parametrize(
    ("slack", "ours"),
    [
        ("plain", "plain"),
        ("*bold* and _leaning_ and ~gone~", "**bold** and _leaning_ and ~~gone~~"),
        ("**bold** stays, 2*3*4 too", "**bold** stays, 2*3*4 too"),
        ("* one\n* two", "* one\n* two"),
        ("<https://a.example/x_y_z|the *docs*>", "[the *docs*](https://a.example/x_y_z)"),
        ("<https://a.example/?a=1&amp;b=2>", "https://a.example/?a=1&b=2"),
        ("<https://a.example/(x)|a [b]>", r"[a \[b\]](https://a.example/%28x%29)"),
        ("<mailto:bob@a.example|Bob>", "Bob"),
        ("<javascript:alert(1)|here>", "<javascript:alert(1)|here>"),
        ("<!channel> <!here> <!everyone>", "@all @here @all"),
        ("<#C1|garden> <@U1|bob> <@U2>", "#garden @bob @U2"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("a &lt; b &amp;&amp; b &gt; c &amp;lt;", "a < b && b > c &lt;"),
        ("`*x*` and ```a < b\nc```", "`*x*` and ```\na < b\nc\n```"),
        ("`a &lt; <https://a.example>`", "`a < https://a.example`"),
        (":white_check_mark: at 12:30:45", "✅ at 12:30:45"),
        ("\0001\0", "1"),
    ],
)
def test_a_text_of_slack_becomes_markdown(slack, ours):
    assert convert(slack) == ours


# Examples in the form of each tool, from its documentation.
TOOLS = {
    "curl": ({"text": "Hello"}, "Hello"),
    "GitHub Actions with blocks": (
        {
            "text": "not shown",
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": "Build *7*", "emoji": True}},
                SECTION,
                {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Branch:*\nmain"}]},
                {"type": "divider"},
                {"type": "context", "elements": [{"type": "mrkdwn", "text": "by alice"}, {"type": "image"}]},
                {
                    "type": "actions",
                    "elements": [
                        {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "https://ci.example/"}
                    ],
                },
            ],
        },
        "## Build *7*\n\n**Deploy** of [build 7](https://ci.example/7) done\n\n**Branch:**\nmain\n\n———\n\nby alice\n\n"
        "[Open](https://ci.example/)",
    ),
    "GitLab": (
        {
            "username": "gitlab",
            "text": "<https://gl.example/alice|Alice> pushed to branch <https://gl.example/c/main|main>",
            "attachments": [
                {"color": "#345", "text": "<https://gl.example/c/1|1a2b>: Fix it - Alice", "fallback": "x"}
            ],
        },
        "[Alice](https://gl.example/alice) pushed to branch [main](https://gl.example/c/main)\n\n"
        "> [1a2b](https://gl.example/c/1): Fix it - Alice",
    ),
    "Grafana": (
        {
            "username": "Grafana",
            "icon_url": "https://grafana.example/icon.png",
            "attachments": [
                {
                    "title": "[FIRING:1] High load",
                    "title_link": "https://grafana.example/alerting",
                    "text": "**Firing**\n\nValue: 97",
                    "fallback": "[FIRING:1] High load",
                    "fields": None,
                    "footer": "Grafana v10.4",
                    "color": "#D63232",
                    "ts": 1_760_000_000,
                }
            ],
        },
        "> 🔴 **[\\[FIRING:1\\] High load](https://grafana.example/alerting)**\n> **Firing**\n> \n> Value: 97\n"
        "> _Grafana v10.4_",
    ),
    "Alertmanager": (
        {
            "channel": "#ops",
            "attachments": [
                {
                    "pretext": "Alerts",
                    "title": "[RESOLVED] Disk",
                    "title_link": "https://am.example/#/alerts",
                    "text": "all is &lt; 80%",
                    "fields": [{"title": "Host", "value": "db1", "short": True}, {"title": "Job", "value": "node"}],
                    "color": "good",
                    "mrkdwn_in": ["fallback", "pretext", "text"],
                }
            ],
        },
        "Alerts\n> 🟢 **[\\[RESOLVED\\] Disk](https://am.example/#/alerts)**\n> all is < 80%\n> **Host:** db1\n"
        "> **Job:** node",
    ),
    "Jenkins": (
        {
            "channel": "#builds",
            "link_names": "1",
            "attachments": [
                {
                    "fallback": "site - #12 Failure",
                    "text": "site - #12 Failure after 3 min (<https://ci.example/job/12|Open>)",
                    "color": "danger",
                }
            ],
        },
        "> 🔴 site - #12 Failure after 3 min ([Open](https://ci.example/job/12))",
    ),
    "Sentry": (
        {
            "project": "site",
            "level": "error",
            "message": "ZeroDivisionError",
            "url": "https://sentry.example/1/",
            "event": {},
        },
        "ZeroDivisionError\nhttps://sentry.example/1/",
    ),
    "Grafana without Slack": (
        {"title": "[FIRING:1] High load", "message": "Value: 97", "status": "firing"},
        "**[FIRING:1] High load**\nValue: 97",
    ),
    "a fallback alone": ({"attachments": [{"fallback": "Only this"}]}, "> Only this"),
    "rich text": (
        {
            "blocks": [
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "text", "text": "Done", "style": {"bold": True}},
                                {"type": "text", "text": ": "},
                                {"type": "link", "url": "https://ci.example/", "text": "see"},
                            ],
                        },
                        {"type": "rich_text_list", "elements": [{"elements": [{"type": "text", "text": "one"}]}]},
                    ],
                }
            ]
        },
        "**Done**: [see](https://ci.example/)\n- one",
    ),
    "Markdown": (
        {"blocks": [{"type": "markdown", "text": "**bold** [a](https://a.example)"}]},
        "**bold** [a](https://a.example)",
    ),
}


@pytest.mark.parametrize("tool", TOOLS)
def test_the_payload_of_a_tool_becomes_a_message(tool):
    content, body = TOOLS[tool]
    assert read_payload(content).body == body
    assert markup.render(body)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"text": ""},
        {"text": "  \n"},
        {"text": None},
        {"text": {"a": 1}},
        {"blocks": "x", "attachments": [1, None, "x", {}]},
        {"blocks": [{"type": "section", "text": 7, "fields": {"a": 1}}, {"type": []}, {"type": "rich_text"}]},
        {"username": "CI", "icon_emoji": ":tada:"},
        {"url": "https://a.example/"},
    ],
)
def test_a_payload_without_a_text_posts_nothing(content):
    assert read_payload(content) is None


def test_a_text_that_is_too_long_is_cut():
    body = read_payload({"text": "x" * 5000}).body
    assert len(body) == 4000 and body.endswith("x…")


@pytest.mark.parametrize(
    ("given", "shown"),
    [("Deploy bot", "Deploy bot"), (" a ", "a"), ("", ""), ("a\nb", ""), ("admin", ""), (7, ""), ("\u202eevil", "")],
)
def test_a_name_is_shown_if_a_person_could_have_it(given, shown, settings):
    settings.CHAT_RESERVED_HANDLES = ["admin"]
    assert read_payload({"text": "a", "username": given}).name == shown


@pytest.mark.parametrize(("given", "icon"), [(":rocket:", "🚀"), ("🚀", "🚀"), (":unknown:", ""), (None, ""), ([], "")])
def test_an_emoji_is_shown_if_it_exists(given, icon):
    assert read_payload({"text": "a", "icon_emoji": given}).icon == icon
