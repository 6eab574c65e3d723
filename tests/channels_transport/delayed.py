"""What the tests of the delay server share: messages for it, and steps without a wait."""


def order(channel="chat.later", content=None, milliseconds=0):
    """Return a message for `asgi.delay`."""
    return {"channel": channel, "content": {"number": 1} if content is None else content, "delay": milliseconds}


def run_for(server, turns=1):
    """Make the server send what is due and store one message, this many times, without waiting."""
    for _ in range(turns):
        server._check_at = 0
        server._send_due()
        taken = server.queue.receive(0)
        if taken is not None:
            server._store(taken)
