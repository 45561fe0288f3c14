"""A process that has imported lyricist and forks a child for each command line, which kills itself at a given call.

It reads `{"arguments": [...], "kill_at": N}` a line, N counted over the calls that rename or exchange (0: never), and
answers `{"code": ..., "calls": ...}`; the code of a killed child is -9.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# What commands import; a child that finds it imported takes a tenth of the time.
USED = ("lyricist.apps.cli.commands", "lyricist.training.trainer", "lyricist.training.classic.classic_trainer")
USED += ("torch._dynamo", "matplotlib.figure", "matplotlib.backends.backend_agg", "gensim.models", "onnx")
RENAMES = ("replace", "rename", "link")


def count_calls(kill_at: int, count: int) -> None:
    """Let the process kill itself before call number `kill_at`; each call is a byte in the file `count`."""
    import lyricist._io

    made = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def before(*arguments: Any, **named: Any) -> Any:
            nonlocal made
            made += 1
            os.write(count, b".")
            if made == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return before

    for name in RENAMES:
        setattr(os, name, counted(getattr(os, name)))
    lyricist._io.exchange = counted(lyricist._io.exchange)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        from lyricist.apps.cli import run

        count_calls(request["kill_at"], writes)
        code = 1
        try:
            code = run(request["arguments"])
        finally:
            os._exit(code)
    os.close(writes)
    calls = 0
    while found := os.read(reads, 1 << 12):
        calls += len(found)
    os.close(reads)
    status = os.waitpid(child, 0)[1]
    return {"code": os.waitstatus_to_exitcode(status), "calls": calls}


def main() -> None:
    from lyricist.model import starter

    for name in USED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    starter.HERE = Path(sys.argv[1])  # no starter
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
