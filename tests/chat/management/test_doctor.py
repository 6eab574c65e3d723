"""The chat's own checks for the doctor."""

from chat.management import doctor
from chat.models import Task
from chat.services import budgets, files
from chat.store import MemoryStore, RedisStore
from tests.channels_transport.doctor.checking import checked_text
from tests.chat.services.tasks.helpers import run
from tests.mail_server import MailServer
from tests.push_service import KEY


def test_a_missing_monitor_is_a_problem(monkeypatch, settings, valkey_url):
    settings.REDIS_URL = valkey_url
    for store in (MemoryStore(), RedisStore(valkey_url)):
        monkeypatch.setattr(doctor, "store", store)
        assert "manage.py monitor" in checked_text(doctor.check_monitor())
        store.acquire_lease("monitor", "me", 60, 1)
        assert checked_text(doctor.check_monitor(), is_well=True) == "A monitor is working."


def test_without_redis_no_monitor_is_expected(settings):
    settings.REDIS_URL = None
    assert doctor.check_monitor() == []


def test_limits_that_are_off_are_a_problem(settings):
    settings.CHAT_LIMITS_ON = True
    assert checked_text(doctor.check_limits(), is_well=True)
    settings.CHAT_LIMITS_ON = False
    assert "CHAT_LIMITS" in checked_text(doctor.check_limits())


def test_the_refusals_of_the_limits_of_the_site_are_shown(settings):
    settings.CHAT_LIMITS_ON = True
    budgets.count_refusal("searches")
    assert checked_text(doctor.check_limits(), is_well=True) == "Rate limits are on."
    for _ in range(2):
        budgets.count_refusal("searches_per_site")
    text = checked_text(doctor.check_limits(), is_well=True)
    assert "searches_per_site 2" in text and "CHAT_LIMITS" in text


def test_a_mail_server_that_cannot_be_used_is_a_problem(settings):
    assert settings.EMAIL_URL is None and doctor.check_mail_server() == []
    with MailServer() as server:
        settings.EMAIL_URL = server.setting
        assert checked_text(doctor.check_mail_server(), is_well=True)
        settings.EMAIL_URL = server.setting._replace(user="chat", password="hunter2")
        text = checked_text(doctor.check_mail_server())
        assert "correct EMAIL_URL" in text and "hunter2" not in text
    assert "ConnectionRefusedError" in checked_text(doctor.check_mail_server())


def test_where_files_are_kept_is_shown_and_a_directory_that_cannot_be_used_is_a_problem(db, settings, tmp_path):
    settings.CHAT_FILES = "database:"
    assert checked_text(doctor.check_files(), is_well=True) == "Files are kept in the database."
    settings.CHAT_FILES = str(tmp_path / "files")
    assert str(tmp_path) in checked_text(doctor.check_files(), is_well=True)
    (tmp_path / "files").touch()
    assert "correct CHAT_FILES" in checked_text(doctor.check_files())


def test_a_directory_that_only_another_machine_has_is_a_problem(own_files, alice, room):
    run(alice, "export", format="json")
    assert checked_text(doctor.check_files(), is_well=True)
    files.delete(Task.objects.get().result_file)
    assert "Results of exports are missing here (1)" in checked_text(doctor.check_files())


def test_a_contact_that_push_services_refuse_is_a_problem(settings):
    assert settings.CHAT_VAPID_KEY is None and doctor.check_push() == []
    settings.CHAT_VAPID_KEY = KEY
    for contact in ("mailto:chat@example.com", "https://chat.example.com"):
        settings.CHAT_VAPID_CONTACT = contact
        assert checked_text(doctor.check_push(), is_well=True)
    for contact in (None, "tel:+1-201-555-0123", "http://localhost:8000"):
        settings.CHAT_VAPID_CONTACT = contact
        assert "set CHAT_VAPID_CONTACT" in checked_text(doctor.check_push())


def test_the_settings_name_the_checks_of_the_chat(settings):
    parts = ["monitor", "files", "limits", "metrics", "mail_server", "openid", "push"]
    own = [path for path in settings.DOCTOR_CHECKS if path.startswith("chat.")]
    assert [f"chat.management.doctor.check_{part}" for part in parts] == own
