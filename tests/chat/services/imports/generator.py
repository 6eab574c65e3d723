"""
Exports of Slack and Mattermost, of any size, after their published formats, with the irregularities of real exports.

`make_history` invents a team and what it wrote. `write_slack` and `write_mattermost` write the same history as an
export, and `write_own` one of its rooms. `Told.expect` says what the site must show of a message, so a test compares
the site with the generator.
"""

import io
import json
import random
import zipfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2019, 3, 1, 8, 30, tzinfo=UTC)
PUBLIC, PRIVATE, DIRECT = "public", "private", "direct"
# {name of an emoji: what the site shows}. The site does not have the last one.
EMOJI = {"+1": "👍", "tada": "🎉", "heart": "❤️", "flag-de": "🇩🇪", "thinking_face": "🤔", "ourlogo": None}
TONED = ("+1::skin-tone-4", "👍🏽")
# (text of Slack, text of Mattermost, body on the site; None means the text of Mattermost). {0} is a mention of the
# second person, {1} one of the first room.
TEXTS = [
    ("Good morning", "Good morning", "Good morning"),
    ("*bold* and _it_ and ~gone~", "**bold** and _it_ and ~~gone~~", "**bold** and _it_ and ~~gone~~"),
    ("Tom &amp; Jerry &lt;3 &gt; all", "Tom & Jerry <3 > all", "Tom & Jerry <3 > all"),
    ("{0} please look", "{0} please look", "@Bob please look"),
    ("see {1}, {0}: `a*b*c`", "see {1}, {0}: `a*b*c`", "see #general, @Bob: `a*b*c`"),
    ("&gt; quoted\nanswer", "> quoted\nanswer", "> quoted\nanswer"),
    ("<!here> lunch", "@here lunch", "@here lunch"),
    ("<!channel> fire", "@channel fire", "@all fire"),
    ("```x = 1\nif x &gt; 0:\n    *p```", "```\nx = 1\nif x > 0:\n    *p\n```", "```\nx = 1\nif x > 0:\n    *p\n```"),
    ("<https://example.org/a_b_c|the page>", "[the page](https://example.org/a_b_c)", None),
    ("<https://example.org/x>", "https://example.org/x", "https://example.org/x"),
    ("done :tada: :ourlogo: at 10:30:00", "done :tada: :ourlogo: at 10:30:00", "done 🎉 :ourlogo: at 10:30:00"),
    ("日本語 и русский", "日本語 и русский", "日本語 и русский"),
    ("<@U99999|zoe> was here", "@zoe was here", "@zoe was here"),
    ("\u2022 one\n\u2022 two", "- one\n- two", "- one\n- two"),
]


@dataclass
class Somebody:
    """A person of the team: `handle` is what the site shows."""

    number: int
    handle: str
    name: str
    is_gone: bool = False
    is_bot: bool = False

    @property
    def id(self):
        return f"{'B' if self.is_bot else 'U'}{self.number:05}"

    @property
    def username(self):
        return self.handle.lower().replace(" ", ".").replace("ø", "o")


@dataclass
class Place:
    """A channel or conversation. `told` are its messages."""

    number: int
    name: str
    kind: str
    members: list
    told: list = field(default_factory=list)

    @property
    def id(self):
        return f"{'D' if self.kind == DIRECT else 'C'}{self.number:05}"


@dataclass
class Told:
    """A message: `slack` and `mattermost` are its texts in the exports, and `body` is its text on this site."""

    at: datetime
    author: Somebody
    slack: str
    mattermost: str
    body: str
    root: "Told | None" = None
    edited_at: datetime | None = None
    reactions: list = field(default_factory=list)  # (name of the emoji, what the site shows or None, people)
    file: str | None = None
    subtype: str | None = None

    def expect(self, system):
        """Return what the site must show of the message. `system` is SLACK or MATTERMOST."""
        reactions = {shown: {system.name(one) for one in people} for _, shown, people in self.reactions if shown}
        return {
            "author": system.name(self.author),
            "body": system.write_body(self),
            "at": write_time(self.at),
            "edited_at": self.edited_at and write_time(self.edited_at),
            "reactions": reactions,
            "thread": system.write_body(self.root) if self.root else None,
        }


@dataclass
class History:
    """A team and everything that it wrote."""

    people: list
    places: list

    @property
    def size(self):
        return sum(len(place.told) for place in self.places)


class Slack:
    """What is special about an import from Slack."""

    def name(self, one):
        return one.handle

    def write_body(self, told):
        return told.body + (f"\n📎 [{told.file}]({slack_file(told)})" if told.file else "")


class Mattermost:
    """What is special about an import from Mattermost: people are known by their user names."""

    def name(self, one):
        return one.username

    def write_body(self, told):
        return told.body.replace("@Bob", "@bob") + (f"\n📎 {told.file}" if told.file else "")


SLACK, MATTERMOST = Slack(), Mattermost()


def write_time(moment):
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def make_history(size, people=6, seed=1, is_one_room=False):
    """
    Invent a team and `size` messages, and return the History.

    Times ascend within the whole team, and some are equal.
    """
    chance = random.Random(seed)
    names = ["Alice", "Bob", "Charlie", "Dora Øst", "Eve", *(f"Person {number}" for number in range(6, people + 1))]
    team = [Somebody(number, name, f"{name} Example") for number, name in enumerate(names[:people], 1)]
    team[2].is_gone = True
    bot = Somebody(900, "Deploys", "", is_bot=True)
    places = [
        Place(1, "general", PUBLIC, team),
        Place(2, "random_stuff", PUBLIC, team[:4]),
        Place(3, "secret-plans", PRIVATE, team[:2]),
        Place(4, "alice-bob", DIRECT, team[:2]),
        Place(5, "three", DIRECT, team[:3]),
    ]
    at = START
    for index in range(size):
        place = places[index % len(places)] if index < 60 else chance.choice(places)
        place = places[0] if is_one_room else place
        at += timedelta(seconds=chance.choice([0, 1, 30, 900]), milliseconds=0 if index % 7 else 216)
        author = bot if place.kind == PUBLIC and index % 11 == 5 else chance.choice(place.members)
        place.told.append(_make_message(chance, index, at, author, place))
    return History([*team, bot], places)


def _make_message(chance, index, at, author, place):
    slack, mattermost, body = TEXTS[index % len(TEXTS)]
    gap = "\n" if mattermost.endswith("```") else " "
    told = Told(at, author, f"{slack} {index}", f"{mattermost}{gap}{index}", f"{body or mattermost}{gap}{index}")
    if index % 97 == 50:
        long = "\n".join(f"line {number} of a long text" for number in range(160))
        told.slack = told.mattermost = told.body = long
    if index % 5 == 3:
        told.edited_at = at + timedelta(minutes=5)
    if index % 4 == 2:
        name = chance.choice(list(EMOJI))
        told.reactions = [(name, EMOJI[name], chance.sample(place.members, 2))]
    if index % 16 == 6:
        told.reactions.append((*TONED, [place.members[0]]))
    roots = [earlier for earlier in place.told[-20:] if _may_be_root(earlier, place, at)]
    if index % 6 == 4 and roots:
        told.root = chance.choice(roots)
    if index % 13 == 8:
        told.file = f"report {index}.pdf"
    return told


def _may_be_root(told, place, at):
    """Return whether a message can be answered at a time: no other message of its room has the same time."""
    return not told.root and told.at < at and sum(other.at == told.at for other in place.told[-40:]) == 1


# Slack.


def write_slack(history, path, notices=True):
    """Write an export of Slack as a zip file, and return its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as export:

        def write(name, value):
            export.writestr(name, json.dumps(value, ensure_ascii=False, indent=4))

        write("users.json", [_slack_user(one) for one in history.people if not one.is_bot])
        by_kind = defaultdict(list)
        for place in history.places:
            by_kind[_slack_list(place)].append(_slack_channel(place))
        for name in ("channels.json", "groups.json", "mpims.json", "dms.json"):
            write(name, by_kind[name])
        write("integration_logs.json", [{"service_id": "1", "change_type": "added"}])
        for place in history.places:
            folder = place.id if _slack_list(place) == "dms.json" else place.name
            for day, messages in _slack_days(history, place, notices).items():
                write(f"{folder}/{day}.json", messages)
    return path


def _slack_list(place):
    if place.kind == DIRECT:
        return "dms.json" if len(place.members) == 2 else "mpims.json"
    return "channels.json" if place.kind == PUBLIC else "groups.json"


def _slack_user(one):
    return {
        "id": one.id,
        "team_id": "T024BE7LD",
        "name": one.username,
        "deleted": one.is_gone,
        "real_name": one.name,
        "profile": {
            "display_name": one.handle,
            "real_name": one.name,
            "email": f"{one.username}@example.com",
            "image_72": "https://example.com/72.png",
        },
        "is_bot": False,
    }


def _slack_channel(place):
    found = {"id": place.id, "created": int(START.timestamp()), "members": [one.id for one in place.members]}
    if _slack_list(place) == "dms.json":
        return found
    topic = {"value": f"About <#C1|{place.name}>", "creator": place.members[0].id, "last_set": 0}
    return {
        **found,
        "name": place.name,
        "creator": place.members[0].id,
        "is_archived": False,
        "topic": topic,
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def slack_ts(told):
    return f"{int(told.at.timestamp())}.{told.at.microsecond:06}"


def _slack_days(history, place, notices):
    days = defaultdict(list)
    # Messages with the same ts get another last digit in a real export; in this export they stay equal.
    for told in place.told:
        days[f"{told.at:%Y-%m-%d}"].append(_slack_message(history, told))
    if notices and place.told:
        join = {
            "type": "message",
            "subtype": "channel_join",
            "user": place.members[0].id,
            "text": "<@U00001> has joined",
        }
        days[f"{place.told[0].at:%Y-%m-%d}"].insert(0, {**join, "ts": slack_ts(place.told[0])})
    return days


def _slack_message(history, told):
    text = told.slack.replace("{0}", f"<@{history.people[1].id}>").replace("{1}", f"<#{history.places[0].id}|general>")
    found = {"type": "message", "text": text, "ts": slack_ts(told), "client_msg_id": f"{id(told):x}"}
    if told.author.is_bot:
        found |= {"subtype": "bot_message", "bot_id": told.author.id, "username": told.author.handle}
    else:
        found |= {"user": told.author.id, "blocks": [{"type": "rich_text", "elements": []}]}
    if told.root:
        found |= {"thread_ts": slack_ts(told.root), "parent_user_id": told.root.author.id}
    if told.edited_at:
        found["edited"] = {"user": told.author.id, "ts": f"{int(told.edited_at.timestamp())}.000000"}
        told.edited_at = told.edited_at.replace(microsecond=0)
    if told.reactions:
        found["reactions"] = [
            {"name": name, "users": [one.id for one in people], "count": len(people)}
            for name, _, people in told.reactions
        ]
    if told.file:
        found["files"] = [{"id": "F1", "name": told.file, "mode": "hosted", "permalink": slack_file(told)}]
    return found


def slack_file(told):
    return f"https://example.slack.com/files/{told.file.replace(' ', '_')}"


# Mattermost.


def write_mattermost(history, path):
    """Write a bulk export of Mattermost as a zip file, and return its path. Its posts have no order."""
    lines = [{"type": "version", "version": 1, "info": {"generator": "test", "version": "9.5.0"}}]
    lines.append({"type": "emoji", "emoji": {"name": "ourlogo", "image": "data/emoji/ourlogo.png"}})
    lines.append({"type": "team", "team": {"name": "team", "display_name": "The team", "type": "O"}})
    for place in history.places:
        if place.kind != DIRECT:
            lines.append({"type": "channel", "channel": _mattermost_channel(place)})
    for one in history.people:
        if one.is_bot:
            lines.append({"type": "bot", "bot": {"username": one.username, "display_name": one.handle, "owner": "x"}})
        else:
            lines.append({"type": "user", "user": _mattermost_user(history, one)})
    for place in history.places:
        if place.kind == DIRECT:
            members = [one.username for one in place.members]
            lines.append({"type": "direct_channel", "direct_channel": {"members": members, "header": ""}})
    posts = [post for place in history.places for post in _mattermost_posts(history, place)]
    random.Random(2).shuffle(posts)
    text = io.StringIO()
    for line in [*lines, *posts]:
        text.write(json.dumps(line, ensure_ascii=False) + "\n")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as export:
        export.writestr("import.jsonl", text.getvalue())
    return path


def _mattermost_channel(place):
    return {
        "team": "team",
        "name": place.name,
        "display_name": place.name,
        "type": "O" if place.kind == PUBLIC else "P",
        "header": f"About {place.name}",
        "purpose": "",
    }


def _mattermost_user(history, one):
    channels = [
        {"name": place.name, "roles": "channel_user channel_admin" if place.members[0] is one else "channel_user"}
        for place in history.places
        if place.kind != DIRECT and one in place.members
    ]
    return {
        "username": one.username,
        "email": f"{one.username}@example.com",
        "first_name": one.name,
        "last_name": "",
        "nickname": "",
        "delete_at": 1_600_000_000_000 if one.is_gone else 0,
        "teams": [{"name": "team", "roles": "team_user", "channels": channels}],
    }


def _mattermost_posts(history, place):
    replies = defaultdict(list)
    for told in place.told:
        if told.root:
            replies[id(told.root)].append(told)
    for told in place.told:
        if not told.root:
            post = _mattermost_post(history, told)
            post["replies"] = [_mattermost_post(history, reply) for reply in replies[id(told)]]
            if place.kind == DIRECT:
                members = [one.username for one in place.members]
                yield {"type": "direct_post", "direct_post": {"channel_members": members, **post}}
            else:
                yield {"type": "post", "post": {"team": "team", "channel": place.name, **post}}
    if place.kind == PUBLIC and place.told:
        notice = {"type": "system_join_channel", "message": "alice joined", "user": "alice"}
        at = int(place.told[0].at.timestamp() * 1000)
        yield {"type": "post", "post": {"team": "team", "channel": place.name, **notice, "create_at": at}}


def _mattermost_post(history, told):
    text = told.mattermost.replace("{0}", f"@{history.people[1].username}").replace("{1}", "~general")
    at = round(told.at.timestamp() * 1000)
    found = {"user": told.author.username, "message": text, "create_at": at, "type": "", "props": {}}
    if told.edited_at:
        found["edit_at"] = round(told.edited_at.timestamp() * 1000)
    if told.reactions:
        found["reactions"] = [
            {"user": one.username, "emoji_name": name, "create_at": at}
            for name, _, people in told.reactions
            for one in people
        ]
    if told.file:
        found["attachments"] = [{"path": f"20190301/teams/x/{told.file}"}]
    return found


# A site like this one.


def write_own(history, path):
    """Write the first room as an export of a site like this one, and return its path."""
    place = history.places[0]
    head = {"room": {"slug": place.name, "name": place.name, "topic": ""}, "offset": len(place.told)}
    with open(path, "w") as file:
        file.write(json.dumps(head)[:-1] + ',"messages":[')
        for number, told in enumerate(place.told, 1):
            file.write((",\n" if number > 1 else "\n") + json.dumps(_own_message(number, told)))
        file.write("\n]}\n")
    return path


def _own_message(number, told):
    return {
        "id": number,
        "offset": number,
        "author": {"handle": told.author.handle},
        "body": told.body,
        "at": write_time(told.at),
        "edited_at": told.edited_at and write_time(told.edited_at),
        "removed": False,
        "reactions": {shown: [one.handle for one in people] for _, shown, people in told.reactions if shown},
        "reply_to": None,
    }
