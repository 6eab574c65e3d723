"""A proxy between a browser and a site. A test can interrupt and restore its connections, or cut them permanently."""

import asyncio
import contextlib
import threading

from tests.valkey import free_port


class Proxy:
    """A proxy that listens on its own port and forwards bytes in both directions. Tests call it from their threads."""

    def __init__(self, to_port):
        self.to_port, self.port = to_port, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        self._dead = set()  # connections whose bytes are dropped, without notice to either end
        self._connections = set()
        threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True).start()
        asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", self.port), self._loop).result()

    async def _serve(self, reader, writer):
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.to_port)
        connection = object()
        self._connections.add(connection)
        try:
            await asyncio.gather(
                self._pass(connection, reader, server_writer), self._pass(connection, server_reader, writer)
            )
        finally:
            self._connections.discard(connection)

    async def _pass(self, connection, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._open.wait()
                if connection not in self._dead:
                    writer.write(data)
        if connection not in self._dead:
            writer.close()

    def interrupt(self, permanently):
        """Forward no bytes until `restore()`. With `permanently`, the connections that are open now stay dead."""
        self._loop.call_soon_threadsafe(self._open.clear)
        if permanently:
            self._loop.call_soon_threadsafe(lambda: self._dead.update(self._connections))

    def restore(self):
        self._loop.call_soon_threadsafe(self._open.set)

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
