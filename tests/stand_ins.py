"""Stand-ins for clocks and timers. They do not depend on the chat."""


class Later:
    """A replacement for the timers. Calls wait until a test runs them."""

    def __init__(self):
        self.calls = {}

    def call_later(self, seconds, key, function, *arguments):
        if key in self.calls:
            return False
        self.calls[key] = seconds, function, arguments
        return True

    def run(self):
        """Run all calls that wait now, without waiting until they are due."""
        calls, self.calls = self.calls, {}
        for _, function, arguments in calls.values():
            function(*arguments)


class Clock:
    """A replacement for the module `time`. Its time passes only in `sleep`, which returns at once, and in `pass_by`."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def pass_by(self, seconds):
        self.now += seconds
