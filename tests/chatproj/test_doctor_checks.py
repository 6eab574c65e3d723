"""The doctor's checks of backups, static files, settings, the collector of traces, and the way to PUBLIC_URL."""

import contextlib
import http.server
import logging
import ssl
import threading

import pytest
from django.core.checks import Warning as CheckWarning
from websockets.sync.server import serve

from chatproj import local
from chatproj.doctor import backups, deployment, public, static_files, tracing
from tests.channels_transport.doctor.checking import Answers, checked_text

pytestmark = pytest.mark.no_database


@contextlib.contextmanager
def running_proxy(status=200, location=None, passes_sockets=True):
    """Run a proxy with a site behind it. Yield its address."""

    def answer(connection, request):
        if request.path == public.SOCKET_PATH:
            return None if passes_sockets else connection.respond(http.HTTPStatus.BAD_REQUEST, "no upgrade")
        response = connection.respond(http.HTTPStatus(status), "{}")
        if location:
            response.headers["Location"] = location
        return response

    quiet = logging.getLogger("tests.proxy")
    quiet.disabled = True
    with serve(lambda socket: None, "127.0.0.1", 0, process_request=answer, logger=quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"


def test_a_request_and_a_websocket_reach_the_public_address(settings):
    settings.PUBLIC_URL = None
    assert public.check_public_url() == []
    with running_proxy() as settings.PUBLIC_URL:
        assert "A request and a websocket reach" in checked_text(public.check_public_url(), is_well=True)


@pytest.mark.parametrize(
    "options, text",
    [
        ({"passes_sockets": False}, "so all pages poll: let the proxy pass on Upgrade"),
        ({"status": 404}, "/api/session/ answers 404: let the proxy pass every path on"),
        ({"status": 502}, "/api/session/ answers 502: look at the logs of the proxy, the interfaces and the workers"),
        ({"status": 400}, "answers 400: add its host to ALLOWED_HOSTS"),
        ({"status": 301, "location": "elsewhere"}, "redirects to another address: set PUBLIC_URL"),
    ],
)
def test_a_proxy_that_does_not_pass_everything_on_is_a_problem(settings, options, text):
    with running_proxy(**options) as settings.PUBLIC_URL:
        assert text in checked_text(public.check_public_url())


def test_a_proxy_that_hides_the_scheme_is_a_problem(settings, monkeypatch):
    settings.PUBLIC_URL = "https://chat.example.com"
    answer = 301, {"Location": f"{settings.PUBLIC_URL}{public.PATH}"}, b""
    monkeypatch.setattr(public.Site, "get", lambda self, path: answer)
    assert "redirects to itself" in checked_text(public.check_public_url())


@pytest.mark.parametrize(
    "error, text",
    [
        (ssl.SSLCertVerificationError(1, "expired"), "https://chat.example.com is not valid (expired)"),
        (ssl.SSLError(1, "wrong version number"), "does not answer with TLS (wrong version number): set up TLS"),
    ],
)
def test_a_failure_of_tls_is_a_problem(settings, monkeypatch, error, text):
    def fail(self, path):
        raise error

    settings.PUBLIC_URL = "https://chat.example.com"
    monkeypatch.setattr(public.Site, "get", fail)
    assert text in checked_text(public.check_public_url())


@pytest.mark.parametrize(
    "url, text", [("http://127.0.0.1:1", "cannot be reached"), ("http://chat.invalid", "has no address")]
)
def test_an_address_at_which_nothing_answers_is_a_problem(settings, url, text):
    settings.PUBLIC_URL = url
    assert text in checked_text(public.check_public_url())


def test_a_machine_that_cannot_reach_its_own_address_is_no_problem(settings, monkeypatch):
    def time_out(self, path):
        raise TimeoutError

    settings.PUBLIC_URL = "https://chat.example.com"
    monkeypatch.setattr(public.Site, "get", time_out)
    assert "was not checked" in checked_text(public.check_public_url(), is_well=True)


@pytest.fixture
def var(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "VAR", tmp_path)
    return tmp_path


def test_the_time_of_a_backup_is_stored_and_an_old_backup_is_a_problem(var, settings):
    assert "has made no backup" in checked_text(backups.check_backups(), is_well=True)
    local.note_backup()
    assert "0.0 days old" in checked_text(backups.check_backups(), is_well=True)
    settings.DOCTOR_BACKUP_DAYS = -1
    assert "The last backup is 0.0 days old: look at the log" in checked_text(backups.check_backups())
    (var / "last-backup").write_text("yesterday")
    assert local.read_backup_time() is None


def test_a_backup_succeeds_if_its_time_cannot_be_stored(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(local, "VAR", tmp_path / "file" / "var")
    local.note_backup()
    assert local.read_backup_time() is None


def test_static_files_are_complete_only_after_collectstatic(var, settings):
    settings.DEBUG, settings.PUBLIC_URL, settings.STATIC_ROOT = False, None, str(var / "static")
    assert checked_text(static_files.check_static_files(), is_well=True)
    (var / "static").mkdir()
    assert "Static files are missing or outdated (" in checked_text(static_files.check_static_files())
    settings.DEBUG = True
    assert checked_text(static_files.check_static_files(), is_well=True)


def test_the_warnings_of_the_system_checks_are_problems(settings, monkeypatch):
    found = [
        CheckWarning("A is wrong.", hint="Set B", id="chatproj.W999"),
        CheckWarning("DEBUG.", id="security.W018"),
        CheckWarning("Silent.", id="auth.W004"),
    ]
    asked = []
    monkeypatch.setattr(
        deployment.checks,
        "run_checks",
        lambda include_deployment_checks: asked.append(include_deployment_checks) or found,
    )
    settings.PUBLIC_URL = "https://chat.example.com"
    assert checked_text(deployment.check_deployment()) == "A is wrong. Set B."
    found[:] = [CheckWarning("Django.", id=f"security.{number}") for number in ("W004", "W009", "W012")]
    text = checked_text(deployment.check_deployment())
    assert text.startswith("HSTS_SECONDS is 0,") and "SECRET_KEY is short or simple" in text and "Django." in text
    settings.PUBLIC_URL = "http://chat.example.com"
    assert checked_text(deployment.check_deployment()).startswith("SECRET_KEY is short or simple")
    found.clear()
    settings.PUBLIC_URL = None
    assert checked_text(deployment.check_deployment(), is_well=True) and asked == [True, True, True, False]
    # A site on one's own machine is not public.
    settings.PUBLIC_URL = "http://localhost:8000"
    assert checked_text(deployment.check_deployment(), is_well=True) and asked[-1] is False


def test_a_public_http_address_is_one_problem_and_its_consequences_are_none(settings):
    settings.PUBLIC_URL = "http://chat.example.com"
    texts = [finding.text for finding in deployment.check_deployment()]
    assert any(text.startswith("PUBLIC_URL is an http address") for text in texts)
    assert not any("HSTS" in text or "COOKIE_SECURE" in text or "SSL_REDIRECT" in text for text in texts)


@contextlib.contextmanager
def running_collector(status):
    """Run a collector that answers each batch of spans with a status. Yield its address, and the headers it gets."""
    seen = {}

    class Collector(Answers):
        def do_POST(self):
            seen.update(self.headers)
            self.do_GET()

    Collector.status = status
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()


@pytest.mark.parametrize(
    "status, text", [(200, None), (401, "answers 401: start it, or correct OTEL_EXPORTER_OTLP_ENDPOINT")]
)
def test_a_collector_that_accepts_no_spans_is_a_problem(settings, monkeypatch, status, text):
    settings.TRACING = False
    assert tracing.check_tracing() == []
    settings.TRACING = True
    monkeypatch.setattr(tracing, "find_spec", lambda name: name)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20hunter2")
    with running_collector(status) as (url, seen):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"{url}/")
        found = checked_text(tracing.check_tracing(), is_well=text is None)
    assert (text or f"The collector at {url}/v1/traces accepts spans.") in found and "hunter2" not in found
    assert seen["Authorization"] == "Bearer hunter2"


def test_the_password_of_a_collector_is_sent_and_not_shown(settings, monkeypatch):
    settings.TRACING = True
    monkeypatch.setattr(tracing, "find_spec", lambda name: name)
    with running_collector(200) as (url, seen):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url.replace("://", "://me:hunter2@"))
        assert "hunter2" not in checked_text(tracing.check_tracing(), is_well=True)
        assert seen["Authorization"] == "Basic bWU6aHVudGVyMg=="
    assert "hunter2" not in checked_text(tracing.check_tracing())


def test_tracing_without_its_packages_or_with_a_wrong_address_is_a_problem(settings, monkeypatch):
    settings.TRACING = True
    monkeypatch.setattr(tracing, "find_spec", lambda name: name)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "nonsense")
    assert "does not answer (ValueError)" in checked_text(tracing.check_tracing())
    monkeypatch.setattr(tracing, "find_spec", lambda name: None)
    assert "install requirements-tracing.txt" in checked_text(tracing.check_tracing())
