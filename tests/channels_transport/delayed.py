"""Helpers of the delay server's tests: messages for the server, and steps without a wait."""


def delay_message(channel="chat.later", content=None, milliseconds=0):
    """Return a message for `asgi.delay`."""
    return {"channel": channel, "content": {"number": 1} if content is None else content, "delay": milliseconds}


def run_steps(server, steps=1):
    """Let the server send the due messages and store one message. Repeat this `steps` times, without waiting."""
    for _ in range(steps):
        server._check_at = 0
        server._send_due()
        delivery = server.queue.receive(0)
        if delivery is not None:
            server._store(delivery)
