"""The command that opens the studio. Heavy modules are imported inside, as in `commands`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lyricist.apps.cli import app


@app.command()
def studio(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any that is free.")] = 8765,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Others than this machine's own need a token.")
    ] = "127.0.0.1",
    token: Annotated[
        list[str] | None,
        typer.Option(help="What a browser must know to be let in; several for several people.", show_default=False),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="A file of tokens, one a line.", show_default=False)
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="A further name it is reached by, such as a proxy's.", show_default=False),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Where uploads, drafts and runs are kept.", show_default=False),
    ] = None,
    models: Annotated[
        Path | None, typer.Option("--models", help="A folder of runs to write with.", show_default=False)
    ] = None,
    training: Annotated[
        bool | None,
        typer.Option(
            "--training/--no-training",
            help="Permit training. [default: where only this machine can reach it]",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit", metavar="NAME=VALUE", help="Another limit than the usual; several times.", show_default=False
        ),
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Open with a song and a tune in it.")] = False,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Open the studio: a page to write songs in, on your own machine, and an API behind it."""
    from lyricist.apps.cli.serving import studio_command

    who = (token or [], token_file)
    studio_command(host, port, *who, allow_host or [], data, models, training, limit or [], demo, browser)
