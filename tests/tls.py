"""A certificate authority and a TLS proxy for tests. The embedded Valkey has no TLS, so a proxy adds it."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A certificate authority that signs certificates. `path` is the file of its own certificate."""

    def __init__(self, folder, name):
        self.folder, self.key, self.name = folder, ec.generate_private_key(ec.SECP256R1()), _name(name)
        basics = x509.BasicConstraints(ca=True, path_length=None)
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(_pem(self._sign(self.name, self.key, basics)))

    def make_server(self, *hosts):
        """Return the path of a file with a key and its certificate for these names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([_host(host) for host in hosts])
        path = self.folder / f"server-{'-'.join(hosts)}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + _pem(self._sign(_name("server"), key, names)))
        return path

    def _sign(self, subject, key, extension):
        now = datetime.datetime.now(datetime.UTC)
        # Python 3.13 refuses certificates without identifiers of the keys, and authorities without a key usage.
        own_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuing_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .add_extension(_make_usage(isinstance(extension, x509.BasicConstraints)), critical=True)
            .add_extension(own_key, critical=False)
            .add_extension(issuing_key, critical=False)
            .sign(self.key, hashes.SHA256())
        )


def _make_usage(is_authority):
    unused = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
        **dict.fromkeys(unused, False),
    )


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@contextlib.contextmanager
def tls_proxy(certificate, port):
    """Run a TLS proxy to `port` of this machine, with this certificate. Yield the port of the proxy."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        threading.Thread(target=_accept, args=[listener, context, port], daemon=True).start()
        yield listener.getsockname()[1]
        # The shutdown ends the thread's call of `accept()`. Closing the socket does not end that call.
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener, context, port):
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=_serve, args=[listener.accept()[0], context, port], daemon=True).start()


def _serve(plain, context, port):
    with contextlib.suppress(OSError), plain:
        with context.wrap_socket(plain, server_side=True) as client:
            with socket.create_connection(("127.0.0.1", port)) as server:
                back = threading.Thread(target=_copy, args=[server, client], daemon=True)
                back.start()
                _copy(client, server)


def _copy(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
