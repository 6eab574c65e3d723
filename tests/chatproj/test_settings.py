"""The settings in a process of their own: safe by default, with an error text for each missing setting."""

import json

import pytest
from twisted.internet.endpoints import serverFromString

from chatproj import own_hosts, setting_values

pytestmark = [pytest.mark.no_database, pytest.mark.process]

KEY = {"SECRET_KEY": "for tests only"}


@pytest.fixture
def read(run):
    """Return a function that reads the named settings in a process with the given environment."""

    def read(*names, **environment):
        code = (
            "import json, sys; from chatproj import settings; "
            "print(json.dumps([getattr(settings, name) for name in sys.argv[1:]]))"
        )
        done = run("-c", code, *names, **environment)
        assert done.returncode == 0, done.stderr
        values = json.loads(done.stdout)
        return values if len(values) > 1 else values[0]

    return read


def test_a_site_without_a_secret_key_does_not_start_and_says_what_to_set(run):
    done = run("manage.py", "check")
    assert done.returncode != 0
    assert done.stderr.startswith("Set SECRET_KEY to a long random text")
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1


def test_a_public_site_does_not_use_the_secret_key_that_bin_serve_stored(run, tmp_path):
    (tmp_path / "secret-key").write_text("kept by bin/serve")
    assert run("manage.py", "check").returncode == 0
    done = run("manage.py", "check", PUBLIC_URL="https://chat.example")
    assert done.returncode != 0 and done.stderr.startswith("Set SECRET_KEY")


def test_a_site_with_debug_needs_no_secret_key(read):
    assert read("DEBUG", DEBUG="1") is True


@pytest.mark.parametrize(
    "value, is_on",
    [(None, False), ("", False), ("0", False), ("no", False), ("1", True), ("True", True), (" on ", True)],
)
def test_debug_is_off_by_default(read, value, is_on):
    environment = {} if value is None else {"DEBUG": value}
    assert read("DEBUG", **KEY, **environment) is is_on


@pytest.mark.parametrize(
    "url", ["chat.example", "ftp://chat.example", "https://", "https://chat.example/chat", "javascript:alert(1)"]
)
def test_a_public_url_must_be_an_origin(run, url):
    done = run("manage.py", "check", **KEY, PUBLIC_URL=url)
    assert done.returncode != 0
    assert done.stderr.startswith("PUBLIC_URL must be like https://chat.example.com")
    assert "Traceback" not in done.stderr


def test_a_public_site_accepts_only_its_own_host_and_sends_cookies_only_over_tls(read):
    names = ["PUBLIC_URL", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY"]
    assert read(*names, **KEY, PUBLIC_URL="https://chat.example/") == [
        "https://chat.example",
        ["chat.example"],
        True,
        True,
        True,
    ]
    assert read(*names[2:4], **KEY, PUBLIC_URL="http://chat.example:8000") == [False, False]
    assert read("ALLOWED_HOSTS", **KEY, PUBLIC_URL="https://chat.example", ALLOWED_HOSTS="a.example, b.example") == [
        "a.example",
        "b.example",
    ]


def test_a_local_site_accepts_only_the_hosts_of_this_machine(read):
    hosts, secure, proxies = read("ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "TRUSTED_PROXIES", **KEY)
    assert hosts[:3] == ["localhost", "127.0.0.1", "[::1]"]
    assert set(hosts[3:]) == {*map(own_hosts.write_host, own_hosts.find_addresses()), *own_hosts.find_names()}
    assert (secure, proxies) == (False, 0)


def test_a_site_accepts_the_host_on_which_it_listens(read):
    assert read("ALLOWED_HOSTS", **KEY, HOST="Chat.lan")[-1] == "chat.lan"
    assert "0.0.0.0" not in read("ALLOWED_HOSTS", **KEY, HOST="0.0.0.0")


def test_an_explicit_list_of_hosts_is_not_extended(read):
    assert read("ALLOWED_HOSTS", **KEY, HOST="0.0.0.0", ALLOWED_HOSTS="a.example") == ["a.example"]
    assert read("ALLOWED_HOSTS", **KEY, HOST="0.0.0.0", PUBLIC_URL="https://chat.example") == ["chat.example"]


def test_login_sessions_are_in_the_database_and_channel_sessions_are_not(read):
    assert read("SESSION_ENGINE", "CHANNEL_SESSION_ENGINE", **KEY, REDIS_URL="redis://localhost/0") == [
        "chatproj.db.sessions",
        "channels_transport.sessions",
    ]


def test_the_channel_layer_is_in_redis_if_redis_url_is_set(read):
    assert read("CHANNEL_LAYERS", **KEY)["default"]["BACKEND"] == "channels_transport.memory.MemoryChannelLayer"
    layer = read("CHANNEL_LAYERS", **KEY, REDIS_URL="redis://10.0.0.5:6380/3")["default"]
    assert layer["CONFIG"]["hosts"] == ["redis://10.0.0.5:6380/3"]
    assert layer["BACKEND"] == "channels_transport.layer.RedisChannelLayer"
    assert layer["CONFIG"]["connection_kwargs"]["socket_timeout"] > 5, "it waits for messages for 5 s at a time"


@pytest.mark.parametrize(
    "url, engine",
    [
        (None, "chatproj.db.sqlite3"),
        ("sqlite:////tmp/x.sqlite3", "chatproj.db.sqlite3"),
        ("postgres://a:b@host/name", "chatproj.db.postgresql"),
        ("postgresql://a:b@host/name", "chatproj.db.postgresql"),
    ],
)
def test_every_database_uses_the_backend_of_this_project(read, url, engine):
    environment = {} if url is None else {"DATABASE_URL": url}
    database = read("DATABASES", **KEY, **environment)["default"]
    assert database["ENGINE"] == engine and database["CONN_MAX_AGE"] > 0


def test_limits_are_on_by_default(read):
    assert read("CHAT_LIMITS_ON", **KEY) is True
    assert read("CHAT_LIMITS_ON", **KEY, CHAT_LIMITS="off") is False


def test_forwarded_headers_are_used_only_from_trusted_proxies(run, read):
    assert run("-c", "from chatproj import settings; settings.SECURE_PROXY_SSL_HEADER", **KEY).returncode != 0
    assert read("SECURE_PROXY_SSL_HEADER", **KEY, TRUSTED_PROXIES="1") == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_passwords_are_hashed_with_the_hashers_of_django(run, read):
    code = "import django.conf.global_settings as g, chatproj.settings as s; print(hasattr(s, 'PASSWORD_HASHERS'))"
    assert read("DEBUG", **KEY) is False
    assert "False" in run("-c", code, **KEY).stdout


def test_handshakes_refused_during_a_redis_outage_are_not_logged_one_by_one(read):
    assert read("LOGGING", **KEY)["loggers"]["daphne.ws_protocol"]["level"] == "ERROR"


def test_a_database_url_can_set_the_synchronous_mode(run, tmp_path):
    code = (
        "import django; django.setup(); from django.db import connection as c; "
        "print(c.cursor().execute('PRAGMA synchronous').fetchone()[0])"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "chatproj.settings", **KEY}
    done = run("-c", code, DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3?synchronous=FULL", **environment)
    assert done.stdout.strip() == "2", done.stderr


def test_the_settings_of_a_public_site_pass_the_checks_of_a_deployment(run):
    secret = "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"
    key = {"SECRET_KEY": secret, "REDIS_URL": "redis://redis:6379/0"}
    done = run("manage.py", "check", "--deploy", "--fail-level=WARNING", **key, PUBLIC_URL="https://chat.example")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout.startswith("System check identified no issues")
    # A check whose subject the operator chose still reports it.
    plain = run("manage.py", "check", "--deploy", **key, PUBLIC_URL="http://chat.example")
    assert "security.W008" in plain.stderr and "security.W012" in plain.stderr
    short = run("manage.py", "check", "--deploy", **key, PUBLIC_URL="https://chat.example", HSTS_SECONDS="0")
    assert "security.W004" in short.stderr


def test_the_settings_of_django_agree_with_the_header_for_browsers(read):
    names = ["SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD", "INTERFACE_HEADERS"]
    environment = {**KEY, "PUBLIC_URL": "https://chat.example", "HSTS_SECONDS": "300", "HSTS_SCOPE": "subdomains"}
    seconds, has_subdomains, is_preloaded, headers = read(*names, **environment)
    assert (seconds, has_subdomains, is_preloaded) == (300, True, False)
    assert headers["Strict-Transport-Security"] == "max-age=300; includeSubDomains"


@pytest.mark.parametrize(
    "given, endpoint",
    [
        ("9191", "tcp:9191:interface=127.0.0.1"),
        ("10.0.0.5:9191", "tcp:9191:interface=10.0.0.5"),
        ("[::1]:9191", "tcp6:9191:interface=\\:\\:1"),
    ],
)
def test_the_port_of_the_metrics_listens_on_this_machine_unless_it_has_an_address(given, endpoint):
    assert setting_values.read_listener(given) == endpoint
    assert serverFromString(None, endpoint)._port == 9191
