"""
Check the dependencies between modules in the source. Imports run only downward, only services write rows, and only
`broadcast` names groups and channels.
"""

import ast
import functools
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent
OURS = ("channels_transport", "chat", "chatproj")
BELOW_SERVICES = ["chat.models", "chat.broadcast", "chat.connections", "chat.protocol", "chat.markup", "chat.store"]
TRANSPORT = ["channels_transport"]
BELOW_CONSUMERS = [
    "chat.services",
    "chat.models",
    "chat.broadcast",
    "chat.connections",
    "chat.protocol",
    "chat.store",
    "chat.version",
    *TRANSPORT,
]
BELOW_VIEWS = [*BELOW_CONSUMERS, "chat.http.endpoints", "chat.http.reads", "chat.http.responses"]

# {module or package: what it may import from this project, besides itself}
ALLOWED = {
    "channels_transport": [],
    "chat.protocol": [],
    "chat.models": ["chat.protocol.lookalikes"],
    "chat.markup": ["chat.protocol"],
    "chat.version": [],
    "chat.apps": [
        "chat.consumers.bindings",
        "chat.services.busy_rooms",
        "chat.services.threads",
        "chat.services.uploads",
        "chat.services.link_previews",
        "chat.version",
        *TRANSPORT,
    ],
    "chat.store": TRANSPORT,
    "chat.broadcast": ["chat.protocol", *TRANSPORT],
    "chat.connections": ["chat.broadcast", "chat.protocol"],
    "chat.services": [*BELOW_SERVICES, *TRANSPORT],
    "chat.consumers": BELOW_CONSUMERS,
    "chat.consumers.bindings": ["chat.models", "chat.broadcast", "chat.protocol"],
    "chat.consumers.routing": ["chat.consumers"],
    "chat.http.forms": ["chat.http.language", "chat.http.responses", "chat.protocol"],
    "chat.http.csrf": ["chat.http.error_handlers", "chat.services.origins"],
    "chat.http.compression": ["chat.http.encodings"],
    "chat.http.encodings": [],
    "chat.http.own_addresses": [],
    "chat.http.converters": ["chat.protocol"],
    "chat.http.responses": ["chat.protocol"],
    "chat.http.reads": ["chat.services"],
    "chat.http.request_limit": ["chat.http.language", "chat.http.responses", "chat.protocol", "chat.services"],
    "chat.http.endpoints": ["chat.http.reads", "chat.http.responses", "chat.protocol"],
    "chat.http.error_handlers": ["chat.http.responses", "chat.protocol", *TRANSPORT],
    "chat.http.context_processors": ["chat.version", "chat.services"],
    "chat.http.email_pages": [
        *BELOW_VIEWS,
        "chat.http.pages",
        "chat.http.security_forms",
    ],
    "chat.http.entry_forms": ["chat.http.forms"],
    "chat.http.next_page": ["chat.http.own_addresses"],
    "chat.http.second_factor_gate": [*BELOW_CONSUMERS, "chat.http.responses"],
    "chat.http.second_factor_pages": [
        *BELOW_VIEWS,
        "chat.http.next_page",
        "chat.http.pages",
        "chat.http.security_forms",
    ],
    "chat.http.security_forms": ["chat.http.forms"],
    "chat.http.code_comments": [],
    "chat.http.language": ["chat.http.responses", "chat.models", "chat.services.people"],
    "chat.http.bundles": ["chat.http.code_comments"],
    "chat.http.module_preloads": ["chat.http.bundles"],
    "chat.http.static_files": [
        "chat.http.bundles",
        "chat.http.encodings",
        "chat.http.code_comments",
        "chat.http.security_middleware",
        "chat.version",
        *TRANSPORT,
    ],
    "chat.http.text_filters": ["chat.markup"],
    "chat.http.installed_app": ["chat.http.bundles", "chat.version"],
    "chat.http.form_bodies": [],
    "chat.http.security_middleware": [],
    "chat.http.middleware": [*BELOW_CONSUMERS, "chat.http.form_bodies", "chat.http.responses"],
    "chat.http.file_responses": BELOW_CONSUMERS,
    "chat.http.health": [*BELOW_CONSUMERS, "chat.http.site_numbers"],
    "chat.http.site_numbers": BELOW_CONSUMERS,
    "chat.http.hook_address": BELOW_CONSUMERS,
    "chat.http.api": [*BELOW_VIEWS, "chat.http.file_responses"],
    "chat.http.api.messages": [*BELOW_VIEWS, "chat.markup"],
    "chat.http.api.polling": [*BELOW_VIEWS, "chat.consumers"],
    "chat.http.settings_page": [
        *BELOW_VIEWS,
        "chat.http.converters",
        "chat.http.email_pages",
        "chat.http.forms",
        "chat.http.language",
        "chat.http.pages",
        "chat.http.security_forms",
        "chat.http.token_section",
    ],
    "chat.http.token_section": [*BELOW_VIEWS, "chat.http.forms"],
    "chat.http.figures": [],
    "chat.http.operations_away": ["chat.http.language", *TRANSPORT],
    "chat.http.operations_texts": [],
    "chat.http.operations_page": [*BELOW_VIEWS, "chat.http.figures", "chat.http.operations_texts"],
    "chat.http.pages": [*BELOW_VIEWS, "chat.http.api", "chat.http.forms"],
    "chat.http.sign_in_pages": [
        *BELOW_VIEWS,
        "chat.http.forms",
        "chat.http.next_page",
        "chat.http.pages",
    ],
    "chat.http.sign_up_pages": [
        *BELOW_VIEWS,
        "chat.http.email_pages",
        "chat.http.forms",
        "chat.http.next_page",
        "chat.http.pages",
    ],
    "chat.http.openid_pages": [
        *BELOW_VIEWS,
        "chat.http.entry_forms",
        "chat.http.pages",
        "chat.http.next_page",
        "chat.http.sign_up_pages",
    ],
    "chat.http.invitation_pages": [*BELOW_VIEWS, "chat.http.entry_forms", "chat.http.pages"],
    "chat.http.urls": [
        "chat.http.api",
        "chat.http.converters",
        "chat.http.email_pages",
        "chat.http.health",
        "chat.http.hook_address",
        "chat.http.installed_app",
        "chat.http.pages",
        "chat.http.second_factor_pages",
        "chat.http.settings_page",
        "chat.http.invitation_pages",
        "chat.http.openid_pages",
        "chat.http.operations_page",
        "chat.http.sign_in_pages",
        "chat.http.sign_up_pages",
    ],
    "chat.admin": [*BELOW_CONSUMERS, "chat.markup", "chat.http.own_addresses", "chat.http.responses"],
    "chat.management": ["chat.services", "chat.protocol", "chat.store", *TRANSPORT],
    "chat.management.commands.monitor": ["chat.management.monitor", "chat.store", *TRANSPORT],
    "chat.management.monitor": ["chat.management.sampling", "chat.services", "chat.store", *TRANSPORT],
    "chat.management.sampling": ["chat.services", "chat.store", *TRANSPORT],
    "chat.management.doctor": [
        "chat.services.budgets",
        "chat.services.files",
        "chat.services.mails",
        "chat.services.people.openid",
        "chat.services.push",
        "chat.services.search",
        "chat.services.tasks",
        "chat.store",
        *TRANSPORT,
    ],
    "chat.migrations": ["chat.models"],
    "chatproj.local": [],
    "chatproj.db": ["chatproj.local"],
    "chatproj.routing": ["chat.consumers"],
    "chatproj.setting_values": [],
    "chatproj.mail_settings": [],
    "chatproj.setting_kinds": [],
    "chatproj.environment": [
        "chatproj.environment",
        "chatproj.mail_settings",
        "chatproj.setting_kinds",
        "chatproj.setting_values",
    ],
    "chatproj.django_parts": [],
    "chatproj.doctor": ["chat.http.static_files", "chatproj.checks", "chatproj.local", *TRANSPORT],
    "chatproj.process_facts": ["chatproj.environment", "chatproj.local", *TRANSPORT],
    "chatproj.layer_settings": [],
    "chatproj.logging_settings": [],
    "chatproj.rate_limits": [],
    "chatproj.file_setting_kinds": [],
    "chatproj.file_settings": [
        "chatproj.environment",
        "chatproj.file_setting_kinds",
        "chatproj.local",
        "chatproj.rate_limits",
        "chatproj.security_headers",
    ],
    "chatproj.is_healthy": [],
    "chatproj.json_errors": ["channels_transport"],
    "chatproj.own_hosts": [],
    "chatproj.listed_settings": [
        "chatproj.environment",
        "chatproj.file_settings",
        "chatproj.local",
        "chatproj.setting_kinds",
    ],
    "chatproj.checks": ["chatproj.environment", "chatproj.file_settings", "chatproj.listed_settings"],
    "chatproj.apps": ["chatproj.checks"],
    "chatproj.security_headers": [],
    "chatproj.database_settings": [],
    "chatproj.settings": [
        "chatproj.database_settings",
        "chatproj.django_parts",
        "chatproj.environment",
        "chatproj.file_settings",
        "chatproj.layer_settings",
        "chatproj.local",
        "chatproj.logging_settings",
        "chatproj.own_hosts",
        "chatproj.rate_limits",
        "chatproj.security_headers",
        "chatproj.setting_values",
    ],
    "chatproj.urls": [],
    "chatproj.asgi": [],
    "chatproj.serve": ["chatproj.local"],
    "chatproj.serve.ready": ["chatproj.own_hosts", "chatproj.serve"],
    "chatproj.serve.checks": ["chatproj.environment", "chatproj.serve", *TRANSPORT],
    "chatproj.backups": ["chatproj.backups", "chatproj.local", *TRANSPORT],
    "chatproj.management.commands.restore": ["chat.services", "chatproj.backups"],
    "chatproj.management.commands.release": ["chat.store", *TRANSPORT],
    "chatproj.management.commands.backup": ["chat.services", "chatproj.backups", "chatproj.local"],
    "chatproj.management.commands.serve": ["chatproj.environment", "chatproj.local", "chatproj.serve", *TRANSPORT],
    "chatproj.management": ["chatproj.environment", "chatproj.listed_settings", "chatproj.local", "chatproj.serve"],
}
WRITES = {
    "save",
    "create",
    "update",
    "delete",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "execute",
    "add",
    "set",
    "remove",
}
# The store writes no rows: its state is in Redis or in the process.
MAY_WRITE = ["chat.services", "chat.models", "chat.migrations", "chat.store"]
# These writes are allowed everywhere: a connection's session is not a row, and `super()` is Django's own admin.
NO_ROWS = {"message.channel_session", "session", "super()"}


def modules():
    for folder in OURS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


MODULES = dict(modules())


@functools.cache
def tree_of(name):
    return ast.parse(MODULES[name].read_text())


@functools.cache
def imports(name):
    """Return (module, imported name or None) for everything that a module imports, also within its functions."""
    found = []
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            found += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                is_package = MODULES[name].name == "__init__.py"
                parts = name.split(".")
                parts = parts[: len(parts) - node.level + is_package]
                base = ".".join([*parts, base] if base else parts)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.append((inner, None) if inner in MODULES else (base, alias.name))
    return found


def rule_of(name):
    """Return the key of ALLOWED for a module: the module itself, or the nearest package around it."""
    while name and name not in ALLOWED:
        name = name.rpartition(".")[0]
    return name


def is_within(module, packages):
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def find_wrong_imports(name):
    """Return a sentence for each import that ALLOWED forbids to a module, or one sentence if it has no rule."""
    rule = rule_of(name)
    if not rule:
        return [f"say in ALLOWED what {name} may import"]
    allowed = [rule, *ALLOWED[rule]]
    ours = [module for module, _ in imports(name) if module.split(".")[0] in OURS]
    return [f"{name} must not import {module}" for module in ours if not is_within(module, allowed)]


def test_imports_run_only_downward():
    checked = [name for name in MODULES if name not in OURS and tree_of(name).body]
    wrong = [sentence for name in checked for sentence in find_wrong_imports(name)]
    assert not wrong, "\n".join(wrong)


def test_every_rule_names_an_existing_module():
    assert [rule for rule in ALLOWED if rule not in MODULES] == []


def test_the_chat_imports_only_exported_names_of_the_transport():
    import channels_transport
    import channels_transport.metrics
    import channels_transport.site_state
    import channels_transport.uploads

    modules = (
        channels_transport,
        channels_transport.metrics,
        channels_transport.site_state,
        channels_transport.uploads,
    )
    public = {module.__name__: module.__all__ for module in modules}
    for name in MODULES:
        for module, imported in imports(name):
            if name.startswith("chat.") and is_within(module, ["channels_transport"]):
                assert imported in public.get(module, ()), f"{name}: {module}.{imported}"


def test_only_broadcast_names_groups_and_channels():
    for name in MODULES:
        sources = ("channels", "channels.channel", "channels_transport")
        names = {imported for module, imported in imports(name) if module in sources}
        if name.startswith("chat.") and name != "chat.broadcast":
            assert not names & {"Group", "Channel"}, name
            assert "channel_layers" not in names, name


def test_only_services_write_rows():
    for name in MODULES:
        if not name.startswith("chat.") or is_within(name, MAY_WRITE):
            continue
        for node in ast.walk(tree_of(name)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            receiver = ast.unparse(node.func.value)
            is_queryset = ".objects" in receiver or "queryset" in receiver or receiver in ("obj", "person", "room")
            if node.func.attr in WRITES and node.func.attr not in ("add", "set", "remove", "update", "execute"):
                assert receiver in NO_ROWS, f"{name}, line {node.lineno}: {ast.unparse(node)}"
            elif node.func.attr in WRITES and is_queryset:
                raise AssertionError(f"{name}, line {node.lineno}: {ast.unparse(node)}")


def test_only_moderation_gives_roles_and_removes_members():
    for name in MODULES:
        if not is_within(name, ["chat.services.moderation"]):
            calls = [ast.unparse(node.func) for node in ast.walk(tree_of(name)) if isinstance(node, ast.Call)]
            assert "rooms.apply_role" not in calls and "rooms.delete_member" not in calls, name


def test_pure_modules_import_no_django():
    for name in ("chat.protocol", "chat.markup", "chat.version", "chatproj.local"):
        assert not [module for module, _ in imports(name) if module.split(".")[0] in ("django", "channels")], name


def test_every_module_has_a_docstring():
    checked = [name for name in MODULES if tree_of(name).body and not name.startswith("chat.migrations.")]
    assert [name for name in checked if not ast.get_docstring(tree_of(name))] == []


def test_tests_import_nothing_from_test_modules():
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in getattr(node, "names", [])] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(alias.name for alias in node.names)]
            parts = [part for name in names for part in name.split(".")]
            found = [part for part in parts if part.startswith("test_")]
            assert not found, (
                f"{path.relative_to(ROOT)}, line {node.lineno}: move what {found} share to a module of helpers"
            )
