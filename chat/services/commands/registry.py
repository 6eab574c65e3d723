"""
The registry of commands. A person can type a command in place of a message, for example `/topic News`.

A command is one function of a module of this package, which `chat/services/commands/__init__.py` imports:

    @command("topic", gettext_lazy("Change the topic"), gettext_lazy("new topic"), Action.CHANGE_ROOM, ROOMS)
    def change_topic(call: Call) -> Outcome:
        topic = call.get_text()
        return call.run_once(
            lambda: rooms.change_room(call.person, call.room.slug, topic=topic),
            Notice(gettext_noop("The topic is changed.")),
        )

The function calls the service that the page would call, so a command never gives more rights. The action only decides
whether the person sees the command in the list.

A source adds commands that only some rooms have. It is an object with two methods, for example for the hooks of a room:

    class HookCommands:
        def list(self, room: Room) -> list[CommandInfo]:
            return [CommandInfo(hook.word, hook.detail, hook.usage) for hook in find_hooks(room)]

        def run(self, member: Member, event: protocol.Command) -> Outcome | None:
            hook = find_hook(member.room, event.name)
            return None if hook is None else start_hook(hook, member, event)

    register_source(HookCommands())

A source runs its command once for each ref of a person, as `rooms.record_once` does. The commands of this package come
first: a source cannot replace them.

This module knows no command. It checks the scope of a token; the service that a command calls checks all other rights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from chat import protocol
from chat.models import POST, Member, Person, Room
from chat.protocol import ChatError
from chat.services import rooms
from chat.services.rights import Action, may
from chat.services.rooms import Outcome
from chat.services.scopes import check_scope


class Notice(str):
    """
    A sentence that only the person who ran the command sees. The string itself is in English; sockets send it as it is.

    `text` is a literal that `gettext_noop` marks for translation, and may name `values`, as in "at %(time)s".
    """

    text: str
    values: dict[str, object]

    def __new__(cls, text: str, **values: object) -> "Notice":
        """Return the sentence of a text with its values."""
        notice = super().__new__(cls, text % values if values else text)
        notice.text, notice.values = text, values
        return notice


@dataclass(frozen=True)
class CommandInfo:
    """
    The facts about a command that people see: its name without the slash, a sentence, and what may follow the name.

    `detail` and `usage` may be lazy translations.
    """

    name: str
    detail: Any
    usage: Any = ""


@dataclass(frozen=True)
class Call:
    """One use of a command by a member of a room."""

    member: Member
    event: protocol.Command

    @property
    def person(self) -> Person:
        """Return the person who runs the command."""
        return self.member.person

    @property
    def room(self) -> Room:
        """Return the room in which the person runs the command."""
        return self.member.room

    @property
    def text(self) -> str:
        """Return what follows the name of the command. It may be empty."""
        return self.event.text

    def get_text(self) -> str:
        """Return what follows the name of the command. Raise `empty` if nothing follows it."""
        if not self.text:
            usage = _commands[self.event.name].info.usage
            raise ChatError(
                "empty",
                "Write something after the command: %(command)s.",
                command=f"/{self.event.name} {usage}".strip(),
            )
        return self.text

    def post(self, body: str) -> Outcome:
        """
        Post a message where the person wrote the command: in the room, or in a thread. Post it once for each ref.

        Raise as `rooms.post_message` does, and `too_long` or `empty` for the body.
        """
        event = protocol.PostByCommand(
            self.event.ref,
            protocol.check_body(body),
            command=self.event.name,
            text=self.text,
            zone=self.event.zone,
            thread=self.event.thread,
        )
        return rooms.post_message(self.member, event)

    def run_once(self, change: Callable[[], object], notice: Notice) -> Outcome:
        """
        Call `change()` in a transaction, once for each ref, and answer with a notice. Raise what `change` raises.

        A resend with the same ref must get the same notice, so the notice must depend only on the event.
        """

        def run() -> int:
            change()
            return 0

        _, is_new = rooms.record_once(self.member, self.event, run)
        return self.answer(notice, is_new)

    def answer(self, notice: Notice, is_new: bool = True, **more: Any) -> Outcome:
        """Return the answer to a command that posts no message. `more` are further fields of the `ack`."""
        return Outcome(protocol.ack(self.event.ref, None, None, notice=notice, **more), is_new)


Run = Callable[[Call], Outcome]


@dataclass(frozen=True)
class _Command:
    info: CommandInfo
    action: Action
    scope: str
    run: Run
    joins: bool


class Source(Protocol):
    """The commands that only some rooms have. `run` returns None for a name that it does not know in this room."""

    def list(self, room: Room) -> "list[CommandInfo]":
        """Return the commands of a room. Every member who may post in the room sees them."""

    def run(self, member: Member, event: protocol.Command) -> Outcome | None:
        """Run a command of the member's room, once for each ref, or return None. Raise ChatError to refuse it."""


_commands: dict[str, _Command] = {}
_sources: list[Source] = []


def command(
    name: str, detail: Any, usage: Any = "", action: Action = Action.POST, scope: str = POST, joins: bool = True
) -> Callable[[Run], Run]:
    """
    Register a function as a command.

    - `name`: without the slash.
    - `detail`: a sentence that says what the command does, as a lazy translation.
    - `usage`: what may follow the name, as a lazy translation.
    - `action`: only people who have the right to this action see the command in the list.
    - `scope`: the scope that a token needs to run the command.
    - `joins`: whether a person from outside, who runs the command over HTTP, becomes a member of a public room. If not,
      the command may get a Member that is not stored: see `rooms.find_visitor`.
    """

    def register(run: Run) -> Run:
        _commands[name] = _Command(CommandInfo(name, detail, usage), action, scope, run, joins)
        return run

    return register


def register_source(source: Source) -> None:
    """Add the commands of some rooms. Call this once, when the module of the source is imported."""
    _sources.append(source)


def list_commands(person: Person, room: Room) -> list[CommandInfo]:
    """Return the commands that a person may use in a room, sorted by name. Only members may write, and use commands."""
    member = Member.objects.find_in_room(room.id, person.id)
    if member is None:
        return []
    found = {info.name: info for source in _sources for info in source.list(room)}
    if not may(person, Action.POST, room, member):
        found = {}
    found.update((name, known.info) for name, known in _commands.items() if may(person, known.action, room, member))
    return [found[name] for name in sorted(found)]


def enter_and_run(person: Person, slug: str, event: protocol.Command) -> Outcome:
    """
    Run a command in a room for a person who has no connection to it. Raise what `rooms.join_room` and `run_command` do.

    The person becomes a member, unless the request repeats an earlier ref, or the command does not join.
    """
    known = _commands.get(event.name)
    joins = known is None or known.joins
    return run_command(rooms.join_room(person, slug, event) if joins else rooms.find_visitor(person, slug), event)


def run_command(member: Member, event: protocol.Command) -> Outcome:
    """
    Run a command, once for each ref of a person.

    The `ack` has `id` and `offset` if the command posted a message, and may have a `notice`.

    Raise `not_found` for a name that the room does not have, `forbidden` for a token without the scope of the command,
    or what the service of the command raises. After an error, nothing is stored.
    """
    known = _commands.get(event.name)
    if known is not None:
        check_scope(member.person, known.scope)
        return known.run(Call(member, event))
    for source in _sources:
        outcome = source.run(member, event)
        if outcome is not None:
            return outcome
    raise ChatError("not_found", "There is no command /%(name)s in this room.", name=event.name)
