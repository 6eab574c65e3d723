"""A storage in memory for the tests of the interface: its calls run at once, or when the test says so."""

from twisted.internet import defer

from channels_transport.interface.storage import SiteStorage
from channels_transport.uploads import NoSpace


class MemoryWriter:
    def __init__(self, storage, name):
        self.storage, self.name = storage, name
        storage.unfinished[name] = b""

    def write(self, data):
        if len(self.storage.unfinished[self.name]) + len(data) > self.storage.space:
            raise NoSpace(self.name)
        self.storage.unfinished[self.name] += data

    def finish(self):
        self.storage.files[self.name] = self.storage.unfinished.pop(self.name)

    def discard(self):
        self.storage.unfinished.pop(self.name, None)
        self.storage.files.pop(self.name, None)


class Parts:
    """The parts of a file, of three bytes each."""

    def __init__(self, storage, data):
        self.storage, self.data = storage, data
        storage.open_readers += 1

    def __next__(self):
        if not self.data:
            raise StopIteration
        part, self.data = self.data[:3], self.data[3:]
        return part

    def close(self):
        self.storage.open_readers -= 1


class MemoryStorage(SiteStorage):
    """
    Stores `files` and `unfinished` files. While `is_slow` is set, each call waits for `work`, as in a thread.

    `errors` are raised by the next calls.
    """

    def __init__(self, *paths):
        super().__init__(paths or (r"/files/\Z",), lambda name, most: MemoryWriter(self, name), self._read)
        self.files, self.unfinished, self.space = {}, {}, 10**9
        self.open_readers, self.is_slow, self.calls, self.errors = 0, False, [], []

    def _read(self, name, first, length):
        return Parts(self, self.files[name][first : first + length])

    def call(self, function, *arguments):
        done = defer.Deferred()
        self.calls.append((done, function, arguments))
        if not self.is_slow:
            self.work()
        return done

    def work(self):
        """Do the calls that wait now."""
        calls, self.calls = self.calls, []
        for done, function, arguments in calls:
            try:
                if self.errors:
                    raise self.errors.pop(0)
                result = function(*arguments)
            except Exception:
                done.errback()
            else:
                done.callback(result)
