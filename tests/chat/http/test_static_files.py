"""Static files: addresses with the version of the client's code, caching, and answers of the interface."""

import gzip
import shutil
from pathlib import Path

import pytest
from django.contrib.staticfiles.finders import find
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import RequestFactory, override_settings

from channels_transport import Asked
from chat.http import bundles, static_files
from chat.http.code_comments import remove_comments
from chat.http.static_files import StaticFilesMiddleware, answer_static_file
from chat.version import CLIENT_VERSION

ROOM = f"/static/{CLIENT_VERSION}/chat/workspace.js"


@pytest.fixture(scope="module")
def collected_once(tmp_path_factory):
    """Collect the static files, as a deployment does. Return their folder. This takes 0.2 s."""
    folder = tmp_path_factory.mktemp("static")
    with override_settings(STATIC_ROOT=str(folder)):
        call_command("collectstatic", interactive=False, verbosity=0)
    return folder


@pytest.fixture
def collected(settings, collected_once):
    """Yield the folder of the collected static files, which the site serves. No test changes these files."""
    settings.STATIC_ROOT = str(collected_once)
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = False
    static_files._get_files.cache_clear()
    yield collected_once
    static_files._get_files.cache_clear()


@pytest.fixture
def own_collected(settings, collected, tmp_path):
    """Return a folder of collected static files that the test may change. The site serves these files."""
    settings.STATIC_ROOT = str(shutil.copytree(collected, tmp_path / "static"))
    static_files._get_files.cache_clear()
    return tmp_path / "static"


def ask(path, method="GET", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer_static_file(Asked(method, 1, lambda: True, path, named))


def read_source(name):
    with open(find(name), "rb") as file:
        return file.read()


def read_stored(name):
    return remove_comments(read_source(name))


def test_an_address_contains_the_version_of_the_client_code():
    assert staticfiles_storage.url("chat/workspace.js") == ROOM


def test_an_address_has_no_version_while_the_files_may_change(settings):
    settings.DEBUG = True
    assert staticfiles_storage.url("chat/workspace.js") == "/static/chat/workspace.js"


def test_an_address_of_another_site_has_no_version(settings):
    settings.STATIC_URL = "https://files.example/static/"
    assert staticfiles_storage.url("chat/workspace.js") == "https://files.example/static/chat/workspace.js"


def test_browsers_keep_a_file_of_this_version_and_never_ask_again(collected):
    answer = ask(ROOM)
    assert answer.status == 200 and answer.content == read_stored("chat/workspace.js")
    assert answer.headers["Cache-Control"] == "public, max-age=315360000, immutable"
    assert answer.content_type.startswith("text/javascript")


def test_a_page_of_another_release_gets_the_present_file_and_does_not_keep_it(collected):
    answer = ask("/static/0123456789ab/chat/workspace.js")
    assert answer.status == 200 and answer.content == read_stored("chat/workspace.js")
    assert answer.headers["Cache-Control"] == "no-cache"


def test_an_address_without_a_version_is_kept_for_a_minute(collected):
    assert "max-age=60" in ask("/static/chat/workspace.js").headers["Cache-Control"]


def test_files_are_sent_compressed(collected):
    answer = ask(ROOM, accept_encoding="gzip, deflate")
    assert answer.headers["Content-Encoding"] == "gzip" and answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.content) == read_stored("chat/workspace.js")


def test_a_browser_that_has_the_file_gets_304_without_content(collected):
    answer = ask("/static/chat/workspace.js", if_none_match=ask(ROOM).headers["ETag"])
    assert (answer.status, answer.content) == (304, b"")
    assert b"Content-Length" not in dict(answer.as_message()["headers"])


def test_browsers_do_not_guess_the_type_of_a_file(collected):
    assert ask(ROOM).headers["X-Content-Type-Options"] == "nosniff"


def test_head_sends_no_content_and_a_range_sends_a_part(collected):
    assert (ask(ROOM, "HEAD").content, ask(ROOM, "POST").status) == (b"", 405)
    part = ask(ROOM, range="bytes=2-5")
    assert (part.status, part.content) == (206, read_stored("chat/workspace.js")[2:6])


@pytest.mark.parametrize(
    "path",
    [
        "/static/chat/missing.js",
        f"/static/{CLIENT_VERSION}/",
        f"/static/{CLIENT_VERSION}/../chatproj/settings.py",
        f"/static/{CLIENT_VERSION}/{CLIENT_VERSION}/chat/workspace.js",
        "/static/../manage.py",
        "/rooms/garden/",
    ],
)
def test_other_addresses_are_left_to_a_worker(collected, path):
    assert ask(path) is None


@pytest.mark.parametrize("path", ["/favicon.ico", "/robots.txt", "/apple-touch-icon.png"])
def test_the_interface_answers_the_files_at_the_root_of_the_site(collected, path):
    assert ask(path).status == 200


def test_an_outdated_collected_file_is_replaced_by_the_file_of_this_release(own_collected, caplog):
    (own_collected / "chat" / "workspace.js").write_text("outdated")
    (own_collected / "chat" / "chat.css").unlink()
    static_files._get_files.cache_clear()
    assert ask(ROOM, accept_encoding="gzip").content == read_source("chat/workspace.js")
    assert ask(f"/static/{CLIENT_VERSION}/chat/chat.css").status == 200
    assert "2 static files of" in caplog.text and "run `manage.py collectstatic`" in caplog.text


@pytest.mark.parametrize("debug", [True, False])
def test_the_middleware_serves_the_same_files(collected, settings, debug):
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = debug
    middleware = StaticFilesMiddleware(lambda request: None)
    response = middleware(RequestFactory().get(ROOM))
    # While the files may change, the middleware serves the sources.
    assert b"".join(response) == (read_source if debug else read_stored)("chat/workspace.js")
    assert response["Cache-Control"] == "public, max-age=315360000, immutable"
    assert middleware(RequestFactory().get("/rooms/garden/")) is None


def test_a_client_that_refuses_gzip_gets_the_plain_file(collected):
    answer = ask(ROOM, accept_encoding="gzip;q=0, *;q=0")
    assert "Content-Encoding" not in answer.headers and answer.content == read_stored("chat/workspace.js")
    response = StaticFilesMiddleware(lambda request: None)(RequestFactory().get(ROOM, HTTP_ACCEPT_ENCODING="gzip;q=0"))
    assert not response.has_header("Content-Encoding")


def test_the_bundles_are_collected_and_served(collected):
    for name, text in bundles.make_bundles().items():
        assert (collected / "chat" / name).read_text() == text
        assert ask(f"/static/{CLIENT_VERSION}/chat/{name}").content == text.encode()


def test_a_bundle_of_an_earlier_release_is_replaced(settings, tmp_path):
    settings.BUNDLES_ROOT = str(tmp_path)
    folder = tmp_path / "chat" / "bundles"
    folder.mkdir(parents=True)
    (folder / "page.js").write_text("earlier")
    finder = static_files.BundleFinder()
    assert finder.find("chat/page.js") == []
    assert Path(finder.find("chat/bundles/page.js")).read_text() == bundles.make_bundles()["bundles/page.js"]


def test_a_file_that_another_process_is_writing_is_not_listed(settings, tmp_path):
    settings.BUNDLES_ROOT = str(tmp_path)
    finder = static_files.BundleFinder()
    assert {name for name, _ in finder.list([])} == {f"chat/{name}" for name in bundles.make_bundles()}
    (tmp_path / "chat" / "bundles" / "tmp1234").write_text("half")
    assert "chat/bundles/tmp1234" not in {name for name, _ in finder.list([])}
    assert finder.find("chat/bundles/tmp1234") == []
