"""The command line: it turns options into calls of the public API and shows events. Lyrics go to stdout, reports to
stderr, and every failure is one line. Nothing is decided here that a program could not decide through the API.
Modules that are slow to import are imported inside the functions, so that `lyricist --help` is quick.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, NoReturn

import typer

from lyricist.errors import LyricistError, spelled_for

app = typer.Typer(
    name="lyricist",
    help="Train an LSTM on the songs you love and write new ones that can be sung. Offline, on your machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


CACHES = {"MPLCONFIGDIR": "matplotlib", "TORCHINDUCTOR_CACHE_DIR": "torch", "KERAS_HOME": "keras"}


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 2 wrong input or call, 3 a plan that cannot be fulfilled, 1 all else.

    A plain `kill` and a closed terminal end a command as Ctrl-C does, so that nothing half-written is left.
    """
    for name in ("SIGTERM", "SIGHUP"):
        if (number := getattr(signal, name, None)) and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """The exit code of a call; every failure is one line on stderr."""
    from lyricist.apps.cli import commands  # noqa: F401 (it registers the commands)

    keep_caches()
    with spelled_for(shell=True):
        return answered(arguments)


def answered(arguments: list[str] | None) -> int:
    """See `run`."""
    from lyricist.apps.cli import command_options

    try:
        given = sys.argv[1:] if arguments is None else arguments
        command_options.derive_options(completed() if "_LYRICIST_COMPLETE" in os.environ else given)
        result = typer.main.get_command(app).main(arguments, prog_name="lyricist", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except LyricistError as e:
        return fail(str(e), e.exit_code)
    except KeyboardInterrupt:
        return fail("stopped", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        return fail("out of memory: use a smaller preset, batch or corpus", 1)
    except Exception as e:
        return other(e)


def completed() -> list[str]:
    """The words of a call that a shell completes; see `typer.completion`."""
    words = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
    return words.split()[1:]


def keep_caches() -> None:
    """Let libraries cache in this package's own folder of caches, unless the environment names another."""
    folder = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "lyricist")
    for variable, name in CACHES.items():
        os.environ.setdefault(variable, os.path.join(folder, name))


def other(e: Exception) -> int:
    """The exit code of an error that is not ours: of the option parser, which has its own code, or unexpected."""
    if type(e).__name__ == "NoArgsIsHelpError":
        print(getattr(e, "message", ""))
        return 0
    if type(e).__name__ == "NoSuchOption":
        return fail(unknown_option(e), 2)
    if hasattr(e, "format_message"):
        return fail(e.format_message().replace("\n", " "), getattr(e, "exit_code", 2))
    if type(e).__name__ in ("Abort", "Exit"):
        return int(getattr(e, "exit_code", 1))
    if os.environ.get("LYRICIST_DEBUG"):
        raise e
    return fail(f"unexpected {type(e).__name__}: {e} (LYRICIST_DEBUG=1 shows where)", 1)


def unknown_option(e: Any) -> str:
    """Which option there is not, and which may be meant."""
    from lyricist.plan.parse import nearest

    known = {name for option in e.ctx.command.params for name in option.opts} if e.ctx else set()
    names = {name.removeprefix("--"): name for name in sorted(known) if name.startswith("--")}
    meant = nearest(e.option_name.removeprefix("--"), names).replace("mean ", "mean --")
    return f"there is no option {e.option_name}{meant or ': --help lists them'}"


def fail(message: str, code: int) -> int:
    if os.environ.get("RANK", "0") == "0":
        print(f"lyricist: {' '.join(message.split())}", file=sys.stderr)
    return code
