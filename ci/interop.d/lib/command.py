"""The command line."""

import argparse
import signal
import sys
from pathlib import Path

from . import ending, gray, grpc, http2, tls, web, websocket
from .checks import CannotRun, Checks
from .places import ROOT, Peers, build_gateway
from .processes import Processes
from .world import World

SUITES = {
    "grpc": grpc.check,
    "websocket": websocket.check,
    "web": web.check,
    "http2": http2.check,
    "gray": gray.check,
    "tls": tls.check,
    "ending": ending.check,
}
# Those whose clients can talk to the endpoints themselves.
DIRECT = ("grpc", "websocket")

DESCRIPTION = """\
Starts servers that nobody here wrote, a gateway before them and clients that nobody here wrote, and prints what held.

`ci/interop COMMAND...` starts COMMAND as the gateway, with `{config}` replaced by the path of its configuration; it has
to print the event `ready`. Without COMMAND that is the gateway, built in the dev channel.

Go's grpc-go and net/http, Python's grpcio and websockets, and JavaScript's ws are installed into target/interop, from
their lock files; curl, nghttp, h2load and openssl have to be there (ci/setup --peers). All of it is on the loopback.

Exit codes: 0 all held, 1 something did not, 2 something could not be installed or started.
"""


def main(arguments: list[str]) -> int:
    """Runs the suites that were asked for."""
    parser = argparse.ArgumentParser(
        prog="ci/interop", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=list(SUITES), help="this suite alone; repeatable")
    parser.add_argument("--direct", action="store_true", help="clients and servers without a gateway: whose fault is it?")
    parser.add_argument("--verbose", action="store_true", help="tell all failures of a suite, not only the first ones")
    parser.add_argument("--cache", type=Path, default=ROOT / "target/interop", help="where to install (default: target/interop)")
    parser.add_argument("--log", type=Path, help="where to leave what the gateway said")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the gateway (default: ours)")
    options = parser.parse_args(arguments)
    names = [name for name in SUITES if (not options.only or name in options.only)]
    if options.direct:
        names = [name for name in names if name in DIRECT]

    # The block below ends all processes, also where somebody ends this one.
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda number, _: sys.exit(128 + number))
    passed = failed = 0
    try:
        peers = Peers(options.cache.resolve())
        command = None if options.direct else [part for part in options.command if part != "--"] or build_gateway()
        with Processes() as processes:
            world = World(peers, processes, command)
            try:
                for name in names:
                    checks = Checks(name)
                    with checks("the suite came to its end"):
                        SUITES[name](world, checks)
                    checks.show(options.verbose)
                    passed, failed = passed + checks.passed, failed + len(checks.wrong)
            finally:
                if world.gateway and options.log:
                    options.log.write_text(world.gateway.error)
    except (CannotRun, OSError) as error:
        print(f"ci/interop: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("ci/interop: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
