"""The `ioc` command: the one place that knows all three rooms. It finds the verb and holds no logic."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ioc import __version__
from ioc.errors import ConfigError, Fenced, IocError
from ioc.settings import Settings, load


def parser() -> argparse.ArgumentParser:
    """Every verb with its options; each names the function that carries it out."""
    top = argparse.ArgumentParser(prog="ioc", description="The streaming dashboard of a province's operations centre.")
    top.add_argument("--version", action="version", version=f"ioc {__version__}")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--config", metavar="FILE", help="settings; default config.yaml")
    shared.add_argument("--data-dir", metavar="DIR", help="of a running demo; default IOC_DATA_DIR, then .ioc")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, does: str, text: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=text, description=text, parents=[shared])
        one.set_defaults(does=does)
        return one

    demo = verb("demo", "streams.verbs:demo", "everything on this machine, until Ctrl-C")
    demo.add_argument("--port", type=int, help="of the web pages; default web.port")
    demo.add_argument("--broker", choices=["auto", "kafka", "log"], default="auto")
    demo.add_argument("--speed", type=float, default=1.0, help="of the simulated clock")
    demo.add_argument("--input", choices=["simulator", "permits", "both", "none"], default="simulator")
    verb("migrate", "ioc.verbs:migrate", "bring the schema up to date")
    ingest = verb("ingest", "streams.verbs:ingest", "read the feeds into the store")
    ingest.add_argument("--measure", type=Path, metavar="FILE", help="where to leave what each stage cost, as JSON")
    verb("watch", "ioc.verbs:watch", "what one process does for all: opening balances, housekeeping")
    verb("web", "dashboards.verbs:web", "serve the screens and the API")
    produce = verb("produce", "streams.verbs:produce", "send JSON lines to a topic")
    produce.add_argument("topic", help="ioc.cases.v1, or cases")
    produce.add_argument("file", nargs="?", help="default: standard input")
    replay = verb("replay", "streams.verbs:replay", "a recorded log as a live feed")
    replay.add_argument("log", choices=["permits"])
    replay.add_argument("--speed", default="max", help="1 = as it happened, 100 = a hundred times faster, max")
    simulate = verb("simulate", "streams.verbs:simulate", "the simulated province")
    simulate.add_argument("--speed", default="1", help="how fast its clock runs; max = only what is due")
    simulate.add_argument("--seed", type=int, help="default demo.seed")
    simulate.add_argument("--backfill-days", type=int, default=0, help="history to send first, newest first")
    rejects = verb("rejects", "streams.verbs:rejects", "the refused records")
    rejects.add_argument("what", choices=["list", "show", "redrive", "discard"])
    rejects.add_argument("numbers", nargs="*", type=int, help="of rejects; default all that match")
    rejects.add_argument("--topic")
    rejects.add_argument("--reason")
    rejects.add_argument("--all", action="store_true", help="list settled ones too; with discard: all that are open")
    rejects.add_argument("--json", action="store_true")
    reconcile = verb("reconcile", "ioc.verbs:reconcile", "prove that nothing was lost or counted twice")
    reconcile.add_argument("--deep", action="store_true", help="count rows, and fold every figure again")
    reconcile.add_argument("--json", action="store_true")
    findings = verb("findings", "ioc.verbs:findings", "what the broker lost or deleted, until a person has seen it")
    findings.add_argument("what", choices=["list", "settle"])
    findings.add_argument("numbers", nargs="*", type=int, help="of findings; default all that are open")
    findings.add_argument("--all", action="store_true", help="list settled ones too")
    rebuild = verb("rebuild", "ioc.verbs:rebuild", "make every figure again from the stored steps")
    rebuild.add_argument("--check", action="store_true", help="only compare")
    doctor = verb("doctor", "streams.verbs:doctor", "check configuration, database, broker, clocks and disks")
    looks = (
        "disk host walls broker broker-disk database database-disk timescale schema tables clocks zones topics readers "
        "leader lag rejects"
    )
    looks += " findings"
    doctor.add_argument("--only", nargs="+", choices=looks.split(), default=(), help="these checks alone")
    verb("asyncapi", "streams.verbs:asyncapi", "print the AsyncAPI document of the topics")
    bench = verb("bench", "streams.verbs:bench", "the project's own measurements")
    bench.add_argument("what", choices=["ingest", "history", "screens", "latency", "soak", "signs"])
    bench.add_argument("--events", type=int, help="default 200,000 for ingest, 8,000,000 for history")
    bench.add_argument("--days", type=int, default=90, help="of history")
    bench.add_argument("--dsn", help="ingest, history: an empty database; default a PostgreSQL of its own")
    bench.add_argument("--backlog", type=int, default=0, help="ingest: waiting records to drain, 5000000 say")
    bench.add_argument("--usage-backlog", type=int, default=0, help="ingest: waiting uses, with a case now and then")
    bench.add_argument("--keep", type=Path, metavar="DIR", help="history: where its own PostgreSQL stays for next time")
    bench.add_argument("--screens", type=int, default=500)
    bench.add_argument("--scopes", type=int, default=100, help="different units that the screens look at")
    bench.add_argument("--ticks", type=int, default=1, help="pictures a second at most")
    bench.add_argument("--stalled", type=int, default=0, help="screens beside them that never read, for two minutes")
    bench.add_argument("--reconnect", action="store_true", help="the server restarts; when are all screens live again")
    bench.add_argument("--minutes", type=float, default=30.0, help="of a soak")
    bench.add_argument("--page", choices=["wall", "sign"], default="wall", help="of a soak")
    bench.add_argument("--size", type=_size, metavar="WxH", help="of a soak: 1280x128 of a sign has running words")
    bench.add_argument("--rate", type=float, default=200.0)
    bench.add_argument("--seconds", type=float, default=20.0)
    bench.add_argument("--json", action="store_true")
    bench.add_argument("--check", action="store_true", help="exit code 1 where a promise is missed; signs have none")
    return top


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def carry_out(does: str, settings: Settings, args: argparse.Namespace) -> int:
    """Imports the verb's module and calls it."""
    module, _, name = does.partition(":")
    if args.verb == "bench" and args.what in {"screens", "latency", "soak", "signs"}:
        module, name = "dashboards.verbs", "bench"
    return int(getattr(importlib.import_module(module), name)(settings, args))


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb; returns its exit code. 2 = the configuration or a person must change something."""
    args = parser().parse_args(argv)
    data_dir = args.data_dir or os.environ.get("IOC_DATA_DIR")
    try:
        settings = load(args.config, data_dir=data_dir)
        return carry_out(args.does, settings, args)
    except (ConfigError, IocError) as error:
        print(f"ioc {args.verb}: {error}", file=sys.stderr)
        return 75 if isinstance(error, Fenced) else 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.path[:] = [path for path in sys.path if path != str(Path(__file__).parent)]
    sys.exit(main())
