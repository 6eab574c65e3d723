"""A proxy that lets no websocket through, as some networks do."""

import contextlib
import socket
import threading


class BlockingProxy:
    """A proxy without websocket support: it forwards requests, and answers websocket handshakes with 400."""

    def __init__(self, port):
        self.server_port = port
        self.refused = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.start(self.accept)

    @staticmethod
    def start(function, *arguments):
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.start(self.serve, client)

    def serve(self, client):
        # A browser opens a new TCP connection for each websocket. So only the first request of a connection can be a
        # websocket handshake.
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(65536)
            if not data:
                return client.close()
            head += data
        if b"upgrade: websocket" in head.lower():
            self.refused += 1
            client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return client.close()
        server = socket.create_connection(("127.0.0.1", self.server_port))
        server.sendall(head)
        self.start(self.pipe, server, client)
        return self.pipe(client, server)

    @staticmethod
    def pipe(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for connection in (source, target):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()
