"""One web process: `uvicorn app:server` on a socket that the supervisor has already bound.

The socket is shared by all web processes and stays open while one of them restarts, so no connection is refused
meanwhile, and a taken port is found before anything is started. `python -m ops.web --descriptor N`.
"""

import argparse
import logging
import socket
import sys

import uvicorn
from pydantic import ValidationError

from ops.settings_text import explain
from settings import get_settings

GRACE_SECONDS = 3
"""Open sockets are closed after this long at the end; clients come back by themselves."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m ops.web")
    parser.add_argument("--descriptor", type=int, required=True, help="number of the inherited, listening socket")
    chosen = parser.parse_args(arguments)
    try:
        settings = get_settings()
    except ValidationError as error:
        sys.stderr.write(f"{explain(error)}\n")
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")
    for chatty in ("httpx", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    server = uvicorn.Server(
        uvicorn.Config(
            "app:server",
            proxy_headers=True,
            forwarded_allow_ips=settings.web.trusted_proxies,
            server_header=False,
            access_log=False,
            log_config=None,
            # The live hub encodes a message once for all viewers; packing it anew for each would undo that.
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    server.run(sockets=[socket.socket(fileno=chosen.descriptor)])
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
