"""A small whole under the real supervisor: a database cluster and programs that a test names on the command line.

`python tests/ops/whole.py NAME=CODE…`: each CODE is Python that runs as a part. Prints process ids as "NAME PID".
"""

import os
import sys
import time

from ops.cluster import PrivateCluster
from ops.parts import Database
from ops.restarts import Restarts
from ops.supervisor import GaveUp, Program, Stopped, Supervisor, say
from settings import ROOT


def main() -> int:
    supervisor = Supervisor(lambda: Restarts(limit=3, first_wait_seconds=0.05))
    cluster = PrivateCluster.for_tests()
    with supervisor.ended_by_signals():
        try:
            return run(supervisor, cluster)
        except Stopped as stopped:
            say(f"stopped by {stopped}")
            return 0
        except GaveUp as error:
            say(f"gave up: {error}")
            return 1
        finally:
            begun = time.monotonic()
            supervisor.stop()
            cluster.remove()
            say(f"ended in {time.monotonic() - begun:.1f} s")


def run(supervisor: Supervisor, cluster: PrivateCluster) -> int:
    supervisor.start(Database(cluster))
    say(f"database {cluster.pid}")
    for argument in sys.argv[1:]:
        name, code = argument.split("=", 1)
        command = [sys.executable, "-u", "-c", code]
        log = cluster.place.home.parent / f"{name}.log"
        part = Program(name, command, dict(os.environ), ROOT, log=log)
        supervisor.start(part)
        assert part.process is not None
        say(f"{name} {part.process.pid}")
    say("all up")
    supervisor.watch()
    return 2


if __name__ == "__main__":
    sys.exit(main())
