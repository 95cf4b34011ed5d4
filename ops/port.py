"""The web port: bound once by the supervisor, handed to every web process."""

import errno
import os
import socket


class PortTaken(Exception):
    """The port can't be used; the text names the way out."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one.

    Raises:
        PortTaken: another program has the port, or this one may not have it.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise PortTaken(
            f"The host {host!r} is not known here ({error.strerror}): choose another with --host."
        ) from None
    listener = socket.socket(family, kind, protocol)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"Port {port} on {host} is taken by another program: end it, or choose another port with --port,"
                f" for example --port {port + 1 if port < 65535 else 8051}."
            ) from None
        if error.errno == errno.EACCES:
            raise PortTaken(f"Port {port} is reserved for root: choose one above 1023 with --port.") from None
        raise PortTaken(f"{host}:{port} can't be used ({error.strerror}): see --host and --port.") from None
    listener.setblocking(False)
    return listener


def local_address(host: str, port: int) -> str:
    """The web address by which this machine reaches a server that listens on `host`.

    >>> local_address("0.0.0.0", 8050), local_address("::1", 80)
    ('http://127.0.0.1:8050', 'http://[::1]:80')
    """
    name = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - compared, not bound
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
