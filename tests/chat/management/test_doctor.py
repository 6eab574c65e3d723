"""The chat's own checks for the doctor."""

from chat.management import doctor
from chat.store import MemoryStore, RedisStore
from tests.channels_transport.doctor.checking import checked_text


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


def test_the_settings_name_the_checks_of_the_chat(settings):
    assert settings.DOCTOR_CHECKS == ["chat.management.doctor.check_monitor", "chat.management.doctor.check_limits"]
