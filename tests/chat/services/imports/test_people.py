"""The people of an export: which persons of this site they are, and how they get access to their accounts."""

import io
import json
import zipfile

import pytest
from django.core.management.base import CommandError
from django.test import Client
from PIL import Image

from chat.models import EmailAddress, Member, Message, Person, Picture, Profile
from chat.services import people
from tests import wire
from tests.chat.factors import sign_in
from tests.chat.services.imports import generator
from tests.chat.services.imports.helpers import count_rows, import_mattermost, import_slack
from tests.mail_server import MailServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def path(tmp_path):
    return generator.write_slack(generator.make_history(40), tmp_path / "slack.zip")


@pytest.fixture
def write_mapping(tmp_path):
    """Return a function that writes a file for --people, and returns its path."""

    def write(text):
        (tmp_path / "people.csv").write_text(text)
        return str(tmp_path / "people.csv")

    return write


def find_authors():
    return set(Message.objects.values_list("author__handle", flat=True))


def verify(person, address):
    EmailAddress.objects.create(person=person, address=address, key=address.lower())


def test_a_person_whose_handle_is_taken_gets_another_one(path, alice, capsys):
    import_slack(path)
    assert "Alice" not in find_authors() and "Alice-2" in find_authors()
    assert "U00001 Alice -> Alice-2" in capsys.readouterr().out
    assert not Member.objects.filter(person=alice).exists()


@pytest.mark.parametrize("name", ["U00001", "alice", "ALICE@example.com"])
def test_the_file_of_the_operator_says_who_a_person_is(path, bob, write_mapping, name, capsys):
    import_slack(path, people=write_mapping(f"{name},bob\nU7,Bob\n"))
    assert Member.objects.filter(person=bob, room__slug="general", role="owner").exists()
    assert find_authors() >= {"Bob", "Bob-2"} and "Alice" not in find_authors()
    assert "name nobody in the export:\n  U7\n" in capsys.readouterr().out


def test_an_account_with_the_same_verified_address_is_the_same_person(path, bob, capsys):
    verify(bob, "Alice@Example.com")
    import_slack(path)
    assert Member.objects.filter(person=bob, room__slug="general", role="owner").exists()
    assert "U00001 Alice = Bob (same e-mail)" in capsys.readouterr().out


def test_an_address_that_is_not_verified_or_that_two_accounts_have_identifies_nobody(path, bob, alice):
    EmailAddress.objects.create(person=bob, pending="dora.ost@example.com", key="")
    for person in (people.sign_up("One", "correct horse"), people.sign_up("Two", "correct horse")):
        verify(person, "alice@example.com")
    import_slack(path)
    assert not Member.objects.filter(person__handle__in=["Bob", "One", "Two", "Alice"]).exists()


def test_same_handles_are_the_same_person_if_the_operator_says_so(path, alice):
    import_slack(path, same_handles=True)
    assert Member.objects.filter(person=alice, room__slug="general", role="owner").exists()
    assert "Alice-2" not in find_authors()


def test_a_reserved_handle_is_not_given(path, settings):
    settings.CHAT_RESERVED_HANDLES = ["alice"]
    import_slack(path)
    assert "Alice-2" in find_authors() and "Alice" not in find_authors()


@pytest.mark.parametrize(
    "text, problem",
    [
        ("alice\n", "people.csv, line 1: write two columns"),
        ("alice,Alice\nbob,Nobody\n", "people.csv, line 2: nobody here has the handle 'Nobody'"),
    ],
)
def test_a_wrong_file_of_the_operator_stops_the_import(path, alice, write_mapping, text, problem):
    rows = count_rows()
    with pytest.raises(CommandError, match=problem):
        import_slack(path, people=write_mapping(text))
    assert count_rows() == rows


def test_a_new_person_cannot_sign_in_and_gets_a_password_by_mail(path, settings):
    import_slack(path)
    assert Profile.objects.get(person__handle="Dora Øst").name == "Dora Øst Example"
    with MailServer() as server:
        settings.EMAIL_URL = server.setting
        Client().post("/password/forgotten/", {"whom": "Dora.Ost@example.com"})
        wire.work()
        [mail] = server.mails
    browser = Client()
    assert sign_in(browser, "Dora Øst", "").status_code == 401
    assert browser.post(mail.link, {"new_password": "another secret"})["Location"] == "/sign-in/"
    assert sign_in(browser, "Dora Øst", "another secret").status_code == 200
    _, body = wire.Caller(Person.objects.get(handle="Dora Øst"))("GET", "/api/workspace/")
    assert {room["name"] for room in body["rooms"]} == {"general", "random_stuff"}


def test_the_pictures_of_mattermost_become_those_of_the_new_accounts(tmp_path):
    content = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(content, "PNG")
    names = {"alice": "profile_pictures/alice.png", "bob": "profile_pictures/bob.png", "dora": "profile_pictures/x.png"}
    users = [{"type": "user", "user": {"username": name, "profile_image": path}} for name, path in names.items()]
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as export:
        lines = [{"type": "version", "version": 1}, *users]
        export.writestr("import.jsonl", "\n".join(map(json.dumps, lines)))
        export.writestr("data/profile_pictures/alice.png", content.getvalue())
        export.writestr("data/profile_pictures/bob.png", b"no picture")
    import_mattermost(tmp_path / "export.zip")
    assert Person.objects.count() == 3 and Picture.objects.get().person.handle == "alice"
    assert Profile.objects.get(person__handle="alice").picture == Picture.objects.get().digest


def test_people_who_left_get_no_address(path):
    import_slack(path)
    assert not EmailAddress.objects.filter(person__handle="Charlie").exists()
    assert not Person.objects.get(handle="Charlie").has_usable_password()
