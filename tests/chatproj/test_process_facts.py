"""The facts that all processes of the site must have in common, without its secrets."""

import pytest

from chatproj import environment, process_facts

pytestmark = pytest.mark.no_database


def test_each_shared_setting_and_the_code_are_facts(monkeypatch):
    monkeypatch.setenv("METRICS_TOKEN", "hunter2hunter2hunter2")
    monkeypatch.setenv("TRUSTED_PROXIES", " 1 ")
    monkeypatch.setenv("CHAT_RESERVED_HANDLES", "admin, support")
    facts = process_facts.describe()
    assert facts["METRICS_TOKEN"].startswith("#") and "hunter2" not in str(facts)
    assert (facts["TRUSTED_PROXIES"], facts["CHAT_RESERVED_HANDLES"]) == ("1", "admin, support")
    assert facts["DEBUG"] == "False" and len(facts[process_facts.CODE]) == 12
    local = {"HOST", "PORT", "CHAT_WORKERS", "CHAT_VAR", "METRICS_PORT", "LOG_LEVEL", "ALIVE_FILE", "TRACING"}
    assert not local & set(facts) and facts.keys() < {*environment.SETTINGS, process_facts.CODE}


def test_changed_code_has_another_hash(monkeypatch, tmp_path):
    monkeypatch.setattr(process_facts.local, "ROOT", tmp_path)
    (tmp_path / "chat").mkdir()
    (tmp_path / "chat" / "a.py").write_text("1")
    first = process_facts.hash_code()
    assert first == process_facts.hash_code()
    (tmp_path / "chat" / "a.py").write_text("2")
    assert process_facts.hash_code() != first
