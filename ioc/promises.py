"""What a measurement promises, and whether it was kept: every `ioc bench` prints figures beside promises."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Promise:
    """That a figure is at ``least`` or at ``most`` so much, in its own unit; its path is like ``commit_ms.p99``."""

    figure: str
    least: float | None = None
    most: float | None = None

    @property
    def said(self) -> str:
        """In words of a table."""
        if self.least is not None and self.most is not None:
            return f"{self.least:,g} to {self.most:,g}"
        return f">= {self.least:,g}" if self.least is not None else f"<= {self.most:,g}"

    def is_kept(self, value: float) -> bool:
        """A figure that is not a number keeps nothing."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


def value_of(values: Mapping[str, Any], path: str) -> float | None:
    """The figure of a path; None where its part was not measured. KeyError for a figure that there is not."""
    found: Any = values
    for name in path.split("."):
        if found is None:
            return None
        found = found[name]
    return None if found is None else float(found)


def missed(values: Mapping[str, Any], promises: Sequence[Promise]) -> list[str]:
    """What was promised of something that was measured and not kept, in words."""
    found = []
    for promise in promises:
        value = value_of(values, promise.figure)
        if value is not None and not promise.is_kept(value):
            found.append(f"{promise.figure} is {value:,.2f}, promised {promise.said}")
    return found


def table(values: Mapping[str, Any], promises: Sequence[Promise], path: str = "") -> Iterator[str]:
    """The figures line by line with their promises, those within others indented."""
    said = {promise.figure: promise.said for promise in promises}
    indent = "  " * path.count(".")
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield f"{indent}{name}"
            yield from table(value, promises, f"{path}{name}.")
            continue
        shown = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
        promise = said.get(path + name, "")
        yield f"{indent + name:<38} {'-' if shown is None else shown:>18}  {promise}".rstrip()


def tell(values: Mapping[str, Any], promises: Sequence[Promise], *, as_json: bool, check: bool) -> int:
    """Prints what was measured; with ``check`` also what of it was missed, on standard error. The exit code."""
    if as_json:
        print(json.dumps(values, indent=2))
    else:
        print(f"{'figure':<38} {'measured':>18}  promise")
        print("\n".join(table(values, promises)))
    wrong = missed(values, promises) if check else []
    for one in wrong:
        print(f"missed: {one}", file=sys.stderr)
    return 1 if wrong else 0
