"""ONNX files as they lie: the fields of their Protocol Buffers messages, read and exchanged without the ONNX package,
which only training brings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

Field = tuple[int, int, Any]  # number, wire type, value
Data = TypeVar("Data", bytes, memoryview)

GRAPH = 7  # field of ModelProto
NODE, INITIALIZER, INPUT = 1, 5, 11  # of GraphProto
DIMS, TYPE, NAME, RAW = 1, 2, 8, 9  # of TensorProto


def read(data: Data) -> Iterator[Field]:
    """The fields of a message; values are numbers or bytes.

    >>> list(read(bytes([8, 150, 1])))
    [(1, 0, 150)]
    """
    at = 0
    while at < len(data):
        tag, at = number(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = number(data, at)
            yield tag >> 3, kind, value
            continue
        size, at = number(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
        yield tag >> 3, kind, data[at : at + size]
        at += size


def write(fields: Iterable[Field]) -> bytes:
    """The message of these fields."""
    parts: list[bytes] = []
    for n, kind, value in fields:
        parts.append(digits(n << 3 | kind))
        if kind == 0:
            parts.append(digits(value))
        else:
            parts += [digits(len(value)), value] if kind == 2 else [value]
    return b"".join(parts)


def changed(data: bytes, changes: Mapping[int, Callable[[bytes], list[bytes]]]) -> bytes:
    """A message with some of its fields replaced, each by any number of the same."""
    fields = ((n, kind, changes[n](value) if n in changes else [value]) for n, kind, value in read(data))
    return write((n, kind, each) for n, kind, values in fields for each in values)


def with_numbers(model: bytes, numbers: Mapping[str, int]) -> bytes:
    """A model in which these initialisers, of one int64 each, are other numbers."""

    def tensor(data: bytes) -> list[bytes]:
        name = next(bytes(value).decode() for n, _, value in read(data) if n == NAME)
        if name not in numbers:
            return [data]
        raw = np.array([numbers[name]], dtype="<i8").tobytes()
        return [changed(data, {RAW: lambda old: [raw]})]

    return changed(model, {GRAPH: lambda graph: [changed(graph, {INITIALIZER: tensor})]})


def number(data: Data, at: int) -> tuple[int, int]:
    """A number of variable length at a place, the lowest seven bits first; and the place after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def digits(value: int) -> bytes:
    """
    >>> digits(300), number(digits(300), 0)
    (b'\\xac\\x02', (300, 2))
    """
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
