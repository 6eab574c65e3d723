"""Helpers of the doctor's tests: a server whose answers a test chooses, and a check of findings."""

import http.server


class Answers(http.server.BaseHTTPRequestHandler):
    """
    Answers each GET request with the class's `status`, `body` and `headers_`.

    The base class keeps the headers of a request in `headers`.
    """

    status, body, headers_ = 200, b'{"status": "ok"}', {}

    def do_GET(self):
        self.send_response_only(self.status)
        for name, value in self.headers_.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *arguments):
        pass


def checked_text(found, is_well=False):
    """
    Return the joined texts of findings.

    Check that each finding has this `is_well`, and that each text is one line and ends with a full stop.
    """
    assert {finding.is_well for finding in found} == {is_well}, found
    assert not [finding for finding in found if "\n" in finding.text or not finding.text.endswith(".")]
    return " ".join(finding.text for finding in found)
