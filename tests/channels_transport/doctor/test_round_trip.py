"""The doctor's measurement of a round trip, by frames or by requests."""

import pytest
from websockets.exceptions import ConnectionClosedError

from channels_transport.doctor import round_trip
from channels_transport.doctor.round_trip import check_round_trip
from tests.channels_transport.doctor.checking import checked_text


class Echo:
    """A websocket whose answers a test chooses."""

    def __init__(self, answers):
        self.answers = iter(answers)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def send(self, text):
        pass

    def recv(self, seconds):
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def use_echo(monkeypatch, answers):
    monkeypatch.setattr(round_trip, "open_echo", lambda site, path: Echo(answers))


def test_round_trips_are_measured_by_the_echo(site, monkeypatch):
    use_echo(monkeypatch, ["doctor"] * 100)
    text = checked_text(check_round_trip(site), is_well=True)
    assert "median of 9" in text and "echo websocket" in text


@pytest.mark.parametrize("answers", [[ConnectionClosedError(None, None)], ["something else"]])
def test_without_an_echo_round_trips_are_measured_by_http(site, monkeypatch, answers):
    use_echo(monkeypatch, answers)
    assert "by HTTP, because the echo websocket at /echo/ gave no echo" in checked_text(
        check_round_trip(site), is_well=True
    )


def test_a_server_without_websockets_is_measured_by_http(site):
    assert "by HTTP" in checked_text(check_round_trip(site), is_well=True)


def test_a_site_without_an_echo_path_is_measured_by_http(site, settings):
    settings.DOCTOR_ECHO_PATH = None
    assert "by HTTP)" in checked_text(check_round_trip(site), is_well=True)


def test_an_echo_that_stops_answering_is_a_problem(site, monkeypatch):
    use_echo(monkeypatch, ["doctor", TimeoutError()])
    assert "No round trip completed in time" in checked_text(check_round_trip(site))


def test_a_slow_round_trip_is_a_problem(site, monkeypatch):
    monkeypatch.setattr(round_trip, "SLOW_SECONDS", 0)
    assert "start more workers" in checked_text(check_round_trip(site))
