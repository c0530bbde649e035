"""Reads PromQL as far as the dashboard and the alerts use it, and says what in an expression cannot work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Expression", "read"]

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<duration>\d+(?:ms|[smhdwy])|\$__rate_interval)|(?P<number>\d+(?:\.\d+)?)'
    r"|(?P<name>[A-Za-z_:][\w:]*)|(?P<sign>=~|!~|==|!=|>=|<=|[-+*/%^<>=(){}\[\],]))"
)
_LEVELS = ({"or"}, {"and", "unless"}, {"==", "!=", ">", "<", ">=", "<="}, {"+", "-"}, {"*", "/", "%"}, {"^"})
_SETS = {"or", "and", "unless"}
_AGGREGATIONS = {"sum", "min", "max", "avg", "count"}
_OF_RANGES = {"rate", "increase", "changes", "deriv", "min_over_time", "max_over_time", "avg_over_time"}


@dataclass(slots=True)
class _Value:
    """Labels of a vector, None of a number; whether it is one value a series or a range of them."""

    labels: set[str] | None
    is_range: bool = False


@dataclass(slots=True)
class Expression:
    """What was read.

    Attributes:
        metrics: Names of metrics that it asks for.
        matched: Labels that are matched.
        grouped: Labels that are grouped by or joined on.
        faults: What cannot work, in words.
        labels: Those that its result may have, None where that is a number.
    """

    metrics: set[str] = field(default_factory=set)
    matched: set[str] = field(default_factory=set)
    grouped: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    labels: set[str] | None = None


def read(text: str, served: Mapping[str, set[str]]) -> Expression:
    """Read one expression.

    Args:
        text: PromQL; `$__rate_interval` counts as a duration.
        served: Labels of every metric that there is.

    Raises:
        SyntaxError: it is none.
    """
    reader = _Reader(text, served)
    reader.result.labels = reader.binary(0).labels
    if reader.kind:
        raise SyntaxError(f"{reader.token!r} is left over in {text}")
    return reader.result


class _Reader:
    def __init__(self, text: str, served: Mapping[str, set[str]]) -> None:
        self._text, self._at, self._served = text.strip(), 0, served
        self.kind, self.token = "", ""
        self.result = Expression()
        self._next()

    def _next(self) -> str:
        was, self.kind, self.token = self.token, "", ""
        if self._at < len(self._text):
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                raise SyntaxError(f"no PromQL at {self._text[self._at :]!r}")
            self.kind, self._at = str(match.lastgroup), match.end()
            self.token = match[self.kind]
        return was

    def _take(self, *wanted: str) -> str:
        """The token, which must be one of these or of one of these kinds."""
        if not self.kind or (self.token not in wanted and self.kind not in wanted):
            raise SyntaxError(f"{self.token!r} stands where {' or '.join(wanted)} should, in {self._text}")
        return self._next()

    def _names(self) -> set[str]:
        self._take("(")
        names: set[str] = set()
        while self.token != ")":
            names.add(self._take("name"))
            if self.token != ")":
                self._take(",")
        self._take(")")
        return names

    def _fault(self, text: str) -> None:
        if text not in self.result.faults:
            self.result.faults.append(text)

    def _check(self, wanted: set[str], value: _Value, of: str) -> None:
        self.result.grouped |= wanted
        for label in sorted(wanted - (value.labels or set())):
            self._fault(f"{of} has no label {label}")

    def binary(self, level: int) -> _Value:
        """Operators of this level and of those that bind closer."""
        if level == len(_LEVELS):
            return self._unary()
        left = self.binary(level + 1)
        while self.kind and self.token in _LEVELS[level]:
            operator, on, many = self._next(), None, False
            if self.token == "on":
                self._next()
                on = self._names()
                if self.token == "group_left":
                    self._next()
                    self._names()
                    many = True
            right = self.binary(level + 1)
            left = self._joined(operator, left, right, on, many)
        return left

    def _joined(self, operator: str, left: _Value, right: _Value, on: set[str] | None, many: bool) -> _Value:
        if left.is_range or right.is_range:
            raise SyntaxError(f"a range has no {operator}, in {self._text}")
        if left.labels is None or right.labels is None:
            if operator in _SETS:
                raise SyntaxError(f"a number has no {operator}, in {self._text}")
            return _Value(left.labels if right.labels is None else right.labels)
        if on is None:
            if left.labels != right.labels:
                self._fault(f"sides of {operator} never match, for one alone has {sorted(left.labels ^ right.labels)}")
            return _Value(set(left.labels))
        self._check(on, left, f"the left of {operator}")
        self._check(on, right, f"the right of {operator}")
        if operator in _SETS:
            return _Value(left.labels | right.labels if operator == "or" else set(left.labels))
        if right.labels - on:
            self._fault(f"{operator} finds several on its right, told apart by {sorted(right.labels - on)}")
        if left.labels - on and not many:
            self._fault(f"{operator} finds several on its left, told apart by {sorted(left.labels - on)}")
        return _Value(set(left.labels))

    def _unary(self) -> _Value:
        if self.token == "-":
            self._next()
            return self._unary()
        value = self._primary()
        if self.token == "[":
            self._next()
            self._take("duration")
            self._take("]")
            value = _Value(value.labels, is_range=True)
        if self.token == "offset":
            self._next()
            self._take("duration")
        return value

    def _primary(self) -> _Value:
        if self.token == "(":
            self._next()
            value = self.binary(0)
            self._take(")")
            return value
        if self.kind == "number":
            self._next()
            return _Value(None)
        name = self._take("name")
        if name in _AGGREGATIONS:
            return self._aggregation(name)
        if self.token == "(":
            return self._function(name)
        return self._selector(name)

    def _aggregation(self, name: str) -> _Value:
        by: set[str] = set()
        if self.token == "by":
            self._next()
            by = self._names()
        self._take("(")
        known = set(self.result.metrics)
        value = self.binary(0)
        self._take(")")
        if value.is_range or value.labels is None:
            raise SyntaxError(f"{name} of no vector, in {self._text}")
        self._check(by, value, ", ".join(sorted(self.result.metrics - known)) or name)
        return _Value(by)

    def _function(self, name: str) -> _Value:
        self._take("(")
        values: list[_Value] = []
        while self.token != ")":
            values.append(self.binary(0))
            if self.token != ")":
                self._take(",")
        self._take(")")
        vector = _Value(None)
        if name in _OF_RANGES:
            fits, vector = len(values) == 1 and values[0].is_range, values[-1] if values else vector
        elif name == "absent":
            fits, vector = len(values) == 1 and values[0].labels is not None and not values[0].is_range, _Value(set())
        elif name == "histogram_quantile":
            fits = len(values) == 2 and values[0].labels is None and "le" in (values[1].labels or ())
            vector = _Value((values[-1].labels or set()) - {"le"}) if fits else vector
        elif name == "time":
            fits = not values
        else:
            raise SyntaxError(f"no function {name} is known, in {self._text}")
        if not fits:
            raise SyntaxError(f"{name} gets what it cannot take, in {self._text}")
        return _Value(vector.labels)

    def _selector(self, name: str) -> _Value:
        self.result.metrics.add(name)
        labels = self._served.get(name)
        if labels is None:
            self._fault(f"no metric {name}")
        if self.token == "{":
            self._next()
            while self.token != "}":
                label = self._take("name")
                self._take("=", "!=", "=~", "!~")
                self._take("string")
                self.result.matched.add(label)
                if labels is not None and label not in labels:
                    self._fault(f"{name} has no label {label}")
                if self.token != "}":
                    self._take(",")
            self._take("}")
        return _Value(set(labels or ()))
