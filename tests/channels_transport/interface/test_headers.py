"""The header lines of a request: repeated lines, raw bytes, and the addresses that proxies forward."""

import logging

import pytest

from channels_transport import Answer
from channels_transport.interface.answers import Answers
from tests.channels_transport.connection import KEY, FakeConnection

pytestmark = pytest.mark.no_database

CHANNELS = {False: "http.request", True: "websocket.connect"}


def send(headers, is_socket=False, path=b"/chat/garden/", **options):
    """Send a request or a handshake with these header lines. Return (connection, the message that is passed on)."""
    if options.get("trusted_proxies"):
        options["proxy_forwarded_address_header"] = "X-Forwarded-For"
        options["proxy_forwarded_proto_header"] = "X-Forwarded-Proto"
    connection = FakeConnection(**options)
    (connection.handshake if is_socket else connection.request)(path=path, headers=headers)
    return connection, connection.passed_on(CHANNELS[is_socket])


@pytest.fixture
def quiet(caplog):
    """Fail if the test logs a warning, an error or a traceback."""
    caplog.set_level(logging.WARNING)
    yield
    assert caplog.text == ""


# The next tests are about repeated header lines.


@pytest.mark.parametrize("is_socket", [False, True])
@pytest.mark.parametrize(
    "lines, joined",
    [
        ([b"Cookie: sessionid=a", b"Cookie: theme=dark"], b"sessionid=a; theme=dark"),
        ([b"Cookie: theme=dark", b"Cookie: sessionid=a"], b"theme=dark; sessionid=a"),
        ([b"cookie: a=1;", b"COOKIE: b=2; c=3", b"Cookie: d=4"], b"a=1; b=2; c=3; d=4"),
        ([b"Cookie: a=1; b=2"], b"a=1; b=2"),
    ],
)
def test_lines_of_cookies_are_joined_with_semicolons(lines, joined, is_socket, quiet):
    _, message = send(lines, is_socket)
    assert [value for name, value in message["headers"] if name == b"cookie"] == [joined]


@pytest.mark.parametrize("is_socket", [False, True])
@pytest.mark.parametrize(
    "lines",
    [
        [b"Host: other.example"],
        [b"Host: testserver"],
        [b"Authorization: Bearer a", b"Authorization: Bearer b"],
        [b"Origin: http://testserver", b"Origin: http://evil.example"],
        [b"Origin: http://testserver", b"Origin: http://testserver"],
        [b"Content-Type: application/json", b"Content-Type: text/plain"],
        [b"Upgrade: websocket", b"Upgrade: h2c"],
    ],
)
def test_a_second_line_of_a_header_that_may_occur_once_is_refused(lines, is_socket, quiet):
    connection, message = send(lines, is_socket)
    assert connection.status == 400 and message is None and connection.transport.disconnecting


def test_two_keys_of_a_handshake_are_refused(quiet):
    connection, message = send([b"Sec-WebSocket-Key: " + KEY], is_socket=True)
    assert connection.status == 400 and message is None


@pytest.mark.parametrize("second", [b"Content-Length: 3", b"Content-Length: 4", b"Transfer-Encoding: chunked"])
def test_two_lengths_of_a_body_are_refused(second, quiet):
    connection = FakeConnection()
    connection.request(b"POST", headers=[second], body=b"abc")
    assert connection.status == 400 and connection.passed_on("http.request") is None


@pytest.mark.parametrize("codings", [[b"identity"], [b"gzip"], [b"gzip, chunked"], [b"chunked", b"identity"], [b""]])
def test_codings_of_a_body_other_than_chunked_are_refused(codings, quiet):
    connection = FakeConnection()
    connection.write(b"POST / HTTP/1.1\r\nHost: testserver\r\n")
    connection.write(b"".join(b"Transfer-Encoding: %b\r\n" % coding for coding in codings) + b"\r\n0\r\n\r\n")
    assert connection.status == 400 and connection.passed_on("http.request") is None


def test_http_1_0_has_no_chunks(quiet):
    connection = FakeConnection()
    connection.write(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert b" 400 " in connection.received and connection.passed_on("http.request") is None


@pytest.mark.parametrize("is_socket", [False, True])
@pytest.mark.parametrize("blank", [b" ", b"\t"])
def test_a_line_that_continues_the_line_before_it_is_refused(blank, is_socket, quiet):
    connection, message = send([b"X-Any: a", blank + b"Origin: http://testserver"], is_socket)
    assert connection.status == 400 and message is None


@pytest.mark.parametrize("line", [b"Content-Length: 1", b"Content-Length: 00", b"Transfer-Encoding: chunked"])
def test_a_handshake_with_a_body_is_refused(line, quiet):
    connection = FakeConnection()
    connection.handshake(headers=[line])
    connection.write(b"0\r\n\r\n")
    assert connection.status == 400 and connection.passed_on("websocket.connect") is None


def test_a_request_without_host_is_refused_in_http_1_1_only(quiet):
    connection = FakeConnection()
    connection.write(b"GET / HTTP/1.1\r\n\r\n")
    assert connection.status == 400 and connection.passed_on("http.request") is None
    connection = FakeConnection()
    connection.write(b"GET / HTTP/1.0\r\n\r\n")
    assert connection.passed_on("http.request")["path"] == "/"


def test_headers_with_lists_keep_all_their_lines(quiet):
    _, message = send([b"Accept: text/html", b"Accept: application/json"])
    assert [value for name, value in message["headers"] if name == b"accept"] == [b"text/html", b"application/json"]
    _, message = send([b"X-List: a", b"X-List: b"], is_socket=True)
    assert [value for name, value in message["headers"] if name == b"x-list"] == [b"a,b"]


# The next tests are about addresses.


@pytest.mark.parametrize("is_socket", [False, True])
@pytest.mark.parametrize(
    "uri, host, path, query",
    [
        (b"http://chat.example.com/rooms/a/?q=1", b"chat.example.com", "/rooms/a/", b"q=1"),
        (b"HTTPS://chat.example.com:8000/", b"chat.example.com:8000", "/", b""),
        (b"http://chat.example.com", b"chat.example.com", "/", b""),
        (b"http://chat.example.com?q=1", b"chat.example.com", "/", b"q=1"),
        (b"http://[::1]:8000/a", b"[::1]:8000", "/a", b""),
    ],
)
def test_an_address_with_a_scheme_is_split_and_counts_as_the_host(uri, host, path, query, is_socket, quiet):
    _, message = send([], is_socket, path=uri)
    assert message["path"] == path and message["query_string"] == query
    assert [value for name, value in message["headers"] if name == b"host"] == [host]


@pytest.mark.parametrize("uri", [b"//chat.example.com/", b"/http://chat.example.com/", b"http:///", b"ftp://a/", b"*"])
def test_other_addresses_stay_as_they_are(uri, quiet):
    _, message = send([], path=uri)
    assert message["path"] == uri.decode()
    assert [value for name, value in message["headers"] if name == b"host"] == [b"testserver"]


def test_the_interface_itself_answers_an_address_with_a_scheme(quiet):
    connection = FakeConnection(answers=Answers({"/healthz": lambda asked: Answer(200, b"fine")}))
    connection.request(path=b"http://testserver/healthz")
    assert connection.status == 200 and connection.received.endswith(b"fine")


# The next tests are about raw bytes.


@pytest.mark.parametrize("is_socket", [False, True])
@pytest.mark.parametrize("byte", [b"\x01", b"\x0b", b"\x1f", b"\x7f", b"\x80", b"\x9b", b"\xa0", b"\xb0", b"\xe9"])
@pytest.mark.parametrize("before", [b"/rooms/a", b"/rooms/?q=a"])
def test_raw_bytes_in_an_address_are_refused(before, byte, is_socket, quiet):
    connection, message = send([], is_socket, path=before + byte)
    assert connection.status == 400 and message is None


def test_raw_bytes_in_an_address_reach_the_access_log_encoded(quiet):
    lines = []
    options = {"action_logger": lambda protocol, action, details: lines.append(details["path"])}
    send([], path=b"/rooms/\x80/?q=%20\x9b", **options)
    assert lines == ["/rooms/%80/?q=%20%9B"]


@pytest.mark.parametrize("path", [b"/rooms/%80/", b"/rooms/%0a/", b"/rooms/%00/?q=%ff", b"/rooms/%ed%a0%80/"])
@pytest.mark.parametrize("is_socket", [False, True])
def test_encoded_bytes_in_an_address_are_passed_on(path, is_socket, quiet):
    _, message = send([], is_socket, path=path)
    message["path"].encode()


@pytest.mark.parametrize("is_socket", [False, True])
@pytest.mark.parametrize("name", [b"X-Any", b"Cookie", b"User-Agent", b"Accept-Language", b"Referer"])
def test_raw_bytes_in_other_headers_are_passed_on(name, is_socket, quiet):
    _, message = send([name + b": caf\xe9 \xff"], is_socket)
    assert dict(message["headers"])[name.lower()] == b"caf\xe9 \xff"


@pytest.mark.parametrize("line", [b"X-\xe9: a", b"X y: a", b": a", b"nothing"])
@pytest.mark.parametrize("is_socket", [False, True])
def test_names_of_headers_that_are_not_tokens_are_refused(line, is_socket, quiet):
    connection, message = send([line], is_socket)
    assert connection.status == 400 and message is None


# The next tests are about forwarded addresses.

FORWARDED = {
    b"192.0.2.7": "192.0.2.7",
    b" 192.0.2.7 ": "192.0.2.7",
    b"192.0.2.7:4711": "192.0.2.7",
    b"2001:db8::7": "2001:db8::7",
    b"2001:DB8:0:0::7": "2001:db8::7",
    b"[2001:db8::7]": "2001:db8::7",
    b"[2001:db8::7]:4711": "2001:db8::7",
    b'"[2001:db8::7]:4711"': "2001:db8::7",
    b"::ffff:192.0.2.7": "192.0.2.7",
    b"fe80::7%eth0": "fe80::7",
    b"[2001:db8::7%<script>]:4711": "2001:db8::7",
    b"2001:db8::7%\xff": "2001:db8::7",
    b"6.6.6.6, 192.0.2.7": "192.0.2.7",
}
NO_ADDRESSES = [b"unknown", b"_hidden", b"", b"1.2.3", b"1.2.3.4.5", b"localhost", b"\xff\xfe", b"1.2.3.4\x1b[31m"]
NO_ADDRESSES += [b"<script>", b"192.0.2.7, unknown", b"192.0.2.7,", b"999.1.1.1", b"[::1", b"1.2.3.4/8", b"x" * 5000]
NO_ADDRESSES += [b"1.2.3.4%eth0", b"%eth0"]


@pytest.mark.parametrize("is_socket", [False, True])
@pytest.mark.parametrize("value, address", FORWARDED.items())
def test_a_forwarded_address_has_one_form(value, address, is_socket, quiet):
    _, message = send([b"X-Forwarded-For: " + value], is_socket, trusted_proxies=1)
    assert message["client"][0] == address
    assert dict(message["headers"])[b"x-forwarded-for"] == address.encode()


@pytest.mark.parametrize("is_socket", [False, True])
@pytest.mark.parametrize("value", NO_ADDRESSES)
def test_a_forwarded_value_that_is_no_address_is_ignored(value, is_socket, quiet):
    _, message = send([b"X-Forwarded-For: " + value], is_socket, trusted_proxies=1)
    assert message["client"] == ["10.1.1.1", 4711]
    assert b"x-forwarded-for" not in dict(message["headers"])


@pytest.mark.parametrize("value", [b"unknown", b"\xff", b"192.0.2.7"])
def test_without_trusted_proxies_a_forwarded_address_is_ignored(value, quiet):
    _, message = send([b"X-Forwarded-For: " + value])
    assert message["client"] == ["10.1.1.1", 4711]


@pytest.mark.parametrize(
    "hops, lines, scheme",
    [
        (1, [b"https"], "https"),
        (1, [b"HTTPS"], "https"),
        (1, [b"https, http"], "http"),
        (2, [b"https, http"], "https"),
        (2, [b"https", b"http"], "https"),
        (2, [b"https"], "https"),
        (1, [b"ftp"], "http"),
        (1, [b"\xff"], "http"),
        (1, [b"https\x0b"], "http"),
        (1, [], "http"),
    ],
)
def test_the_outermost_trusted_proxy_determines_the_scheme(hops, lines, scheme, quiet):
    headers = [b"X-Forwarded-For: 6.6.6.6, 192.0.2.7", *(b"X-Forwarded-Proto: " + line for line in lines)]
    _, message = send(headers, trusted_proxies=hops)
    assert message["scheme"] == scheme
    assert dict(message["headers"]).get(b"x-forwarded-proto", b"http") == scheme.encode()
