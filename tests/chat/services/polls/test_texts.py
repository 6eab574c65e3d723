"""The text after `/poll`: people write it on one line or on several, also on a phone."""

from datetime import UTC, datetime

import pytest

from chat import markup
from chat.protocol import get_zone
from chat.services.polls import NewPoll, read_poll, write_body
from tests.chat.helpers import assert_refused

pytestmark = pytest.mark.no_database

LUNCH = ("Lunch?", ("Pizza", "Sushi"))


@pytest.mark.parametrize(
    "text, poll",
    [
        ('"Lunch?" "Pizza" "Sushi"', NewPoll(*LUNCH)),
        ('Lunch? "Pizza" "Sushi"', NewPoll(*LUNCH)),
        ("“Lunch?” “Pizza” “Sushi”", NewPoll(*LUNCH)),
        ("„Lunch?“ „Pizza“ „Sushi“", NewPoll(*LUNCH)),
        ("«Lunch?» »Pizza« «Sushi»", NewPoll(*LUNCH)),
        ("Lunch?\nPizza\n\nSushi", NewPoll(*LUNCH)),
        ("Lunch?\n- Pizza\n2. Sushi", NewPoll(*LUNCH)),
        ('Where?\nThe "Blue" bar\n"Home"', NewPoll("Where?", ('The "Blue" bar', '"Home"'))),
        ('"Lunch?"\n"Pizza"\n"Sushi"', NewPoll(*LUNCH)),
        ('--multiple "Lunch?" "Pizza" "Sushi" --anonymous', NewPoll(*LUNCH, True, True)),
        ("—multiple Lunch?\nPizza\nSushi", NewPoll(*LUNCH, True)),
        ('"Lunch?" "Pizza" "Sushi" --until 2h', NewPoll(*LUNCH, until="2h")),
        ('--until "friday at 17:00" Lunch?\nPizza\nSushi', NewPoll(*LUNCH, until="friday at 17:00")),
        (r'"A \"b\"" "C\\d" "E"', NewPoll('A "b"', ("C\\d", "E"))),
    ],
)
def test_a_poll_is_read(text, poll):
    assert read_poll(text) == poll


@pytest.mark.parametrize(
    "code, text",
    [
        ("invalid_field", "Lunch?"),
        ("invalid_field", '"Lunch?" "Pizza"'),
        ("invalid_field", "Lunch?\nPizza"),
        ("invalid_field", '"Lunch?" "Pizza" "pizza"'),
        ("invalid_field", "Lunch?\n" + "\n".join(map(str, range(21)))),
        ("empty", '"" "Pizza" "Sushi"'),
        ("empty", '"Lunch?" "Pizza" " "'),
        ("too_long", f'"Lunch?" "Pizza" "{"a" * 101}"'),
        ("too_long", f'"{"a" * 301}" "Pizza" "Sushi"'),
    ],
)
def test_a_wrong_poll_is_refused(code, text):
    assert_refused(code, read_poll, text)


def test_the_largest_poll_fits_into_a_message():
    body = write_body(NewPoll("q" * 300, tuple(f"{number:0100}" for number in range(20))))
    assert len(body) < 4000


def test_the_body_shows_the_question_and_the_options():
    rendered = markup.render(write_body(NewPoll(*LUNCH)))
    assert rendered.startswith("<p>📊 Lunch?</p>") and rendered.count("<li>") == 2


def test_the_end_of_a_poll_is_a_time_in_the_zone_of_its_author():
    now, zone = datetime(2026, 11, 30, 12, tzinfo=UTC), get_zone("Asia/Tokyo")
    assert NewPoll("Q", (), until="2026-12-01 09:00").find_end(now, zone) == datetime(2026, 12, 1, tzinfo=UTC)
    assert NewPoll("Q", ()).find_end(now, zone) is None
    for until in ("", "soon", "2h later", "2026-11-01"):
        assert_refused("invalid_field", NewPoll("Q", (), until=until).find_end, now, zone)
