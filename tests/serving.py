"""A real server on a free port, in a thread of this process, for clients that need one: browsers, fuzzers."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn


@contextmanager
def serving(app: Any, *, seconds: float = 60) -> Iterator[str]:
    """The address of a server that has started; it stops at the end of the block.

    The application runs on the server's own event loop: a test that used its engines before must dispose of them.
    """
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    runner = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=3))
    thread = threading.Thread(target=runner.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + seconds
    while not runner.started:
        assert thread.is_alive() and time.monotonic() < deadline, "the server didn't start"
        thread.join(0.05)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        runner.should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "the server didn't stop"
