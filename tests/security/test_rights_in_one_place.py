"""Only chat/services/rights decides about rights: only EXCEPTIONS compare roles and kinds of rooms too."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_database

SERVICES = Path(__file__).resolve().parent.parent.parent / "chat" / "services"
# Attributes and columns from which a right could be decided, and the names of the model's own decisions.
COLUMNS = {"role", "is_staff", "access", "archived", "closed_to_guests"}
DECISIONS = {"is_closed_to", "is_moderator", "is_muted", "MODERATOR_ROLES", "HELD_ROLES", "HIDDEN"}
QUERIES = {"filter", "exclude", "Q"}
# {module or package: why it looks at roles or kinds of rooms, although it decides nothing}
EXCEPTIONS = {
    "account_invitations": "only links into private rooms are the decision of the room's moderators",
    "boards": "writes the roles that follow from the decisions of a board's owner",
    "commands.membership": "only a private room needs a link to invite somebody",
    "directs": "CHAT_DIRECTS is about two people, not about a room",
    "feeds": "describes the kind of a room to its members",
    "hooks.notices": "selects members by the roles that the table of rights gives",
    "invitations": "selects members by the roles that the table of rights gives",
    "link_previews.links": "a board has no previews: nobody could fetch their images by its slug",
    "lost_rights": "finds the banned members whose connections are still open",
    "mentions": "selects by a query what Action.READ allows",
    "moderation.members": "a board has handles of its own",
    "moderation.permissions": "adds the rules about the role before and after a change",
    "moderation.roles": "carries out a change of a role that permissions.py has allowed",
    "operators": "the pages of operators are not about a room",
    "people.deletion": "deletes the memberships of a deleted account",
    "people.handles": "carries bans and mutes over to the next handle of a guest",
    "people.own_data": "leaves the addresses of other people's rooms out of a person's own data",
    "people.profiles": "leaves banned people out of a list",
    "people.room_people": "leaves banned people out of a list",
    "presence": "leaves banned people out of a list; a board has handles of its own",
    "reminders.storing": "leaves the addresses of other people's rooms out of a list",
    "push.recipients": "a direct message notifies everybody; leaves banned people out of a query",
    "push.texts": "a direct message shows its author",
    "push_posts": "boards cause no pushes",
    "retention.rules": "operators choose the kinds of rooms to which a rule applies",
    "rooms.access": "selects rooms by former slugs, and lists archived rooms on request",
    "rooms.called": "a board has handles of its own",
    "rooms.changes": "a direct message notifies everybody; an operator's removal needs no role",
    "rooms.lifecycle": "carries out the archiving and closing of a room",
    "rooms.memberships": "carries out the effects of roles",
    "rooms.mentions": "a direct message notifies everybody; selects bans by a query",
    "rooms.readable": "selects by a query what Action.READ allows",
    "search.documents": "labels documents; the search compares each hit with the rows",
    "search.scope": "selects by a query what Action.SEARCH allows",
    "threads.following": "leaves banned people out of a query",
    "threads.notices": "a direct message notifies everybody",
    "workspace": "selects the rooms whose markers it moves",
    "uploads.opening": "the session of a board identifies its visitors, who need no login",
}


def find_modules():
    """Yield (name below chat.services, syntax tree) of each module outside of rights."""
    for path in sorted(SERVICES.rglob("*.py")):
        parts = path.relative_to(SERVICES).with_suffix("").parts
        if parts[0] != "rights":
            yield ".".join(parts).removesuffix(".__init__"), ast.parse(path.read_text())


def looks_at_rights(node):
    """Return whether a node compares or selects by one of the columns, names a decision, or reads `is_staff`."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return any(isinstance(side, ast.Attribute) and side.attr in COLUMNS for side in sides)
    if isinstance(node, ast.Attribute):
        return node.attr in DECISIONS or node.attr == "is_staff"
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        keywords = {part for keyword in node.keywords for part in (keyword.arg or "").split("__")}
        return name in QUERIES and bool(keywords & COLUMNS)
    return False


def find_exception(module):
    """Return the key of EXCEPTIONS for a module: the module itself, or the package around it."""
    while module and module not in EXCEPTIONS:
        module = module.rpartition(".")[0]
    return module


FOUND = [
    (module, node.lineno, ast.unparse(node))
    for module, tree in find_modules()
    for node in ast.walk(tree)
    if looks_at_rights(node)
]


def test_no_other_service_decides_about_rights():
    wrong = [
        f"chat.services.{module}, line {line}: {text}" for module, line, text in FOUND if not find_exception(module)
    ]
    assert not wrong, "ask `may` of chat/services/rights, or say in EXCEPTIONS why not:\n" + "\n".join(wrong)


def test_every_exception_is_needed():
    needed = {find_exception(module) for module, _, _ in FOUND}
    assert sorted(set(EXCEPTIONS) - needed) == []


def test_every_action_is_asked_for():
    sources = "\n".join(ast.unparse(tree) for _, tree in find_modules())
    for folder in ("http", "consumers"):
        sources += "\n".join(path.read_text() for path in (SERVICES.parent / folder).rglob("*.py"))
    tree = ast.parse((SERVICES / "rights" / "table.py").read_text())
    [actions] = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Action"]
    names = {target.id for node in actions.body if isinstance(node, ast.Assign) for target in node.targets}
    assert [name for name in sorted(names) if f"Action.{name}" not in sources] == []
