"""The command that opens the studio. Heavy modules are imported inside, as in `commands`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lyricist.apps.cli import app


@app.command()
def studio(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free port.")] = 8765,
    host: Annotated[
        str, typer.Option(help="Address to listen on. An address that others can reach needs a token.")
    ] = "127.0.0.1",
    token: Annotated[
        list[str] | None,
        typer.Option(help="Secret that a browser must send; repeat it for several people.", show_default=False),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option("--token-file", help="File of tokens, one per line.", show_default=False)
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="Further host name of the studio, such as a proxy's.", show_default=False),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Folder for uploads, drafts and runs.", show_default=False),
    ] = None,
    models: Annotated[
        Path | None, typer.Option("--models", help="Folder of runs to write with.", show_default=False)
    ] = None,
    training: Annotated[
        bool | None,
        typer.Option(
            "--training/--no-training",
            help="Permit training. [default: only if no other machine can reach the studio]",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            "--limit", metavar="NAME=VALUE", help="Change a limit; repeat the option for several.", show_default=False
        ),
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Open with a sample song and tune.")] = False,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Open the studio: a page to write songs in, on your own machine, and an API behind it."""
    from lyricist.apps.cli.serving import open_studio

    wanted = {"host": host, "port": port, "data": data, "models": models, "training": training, "demo": demo}
    open_studio({**wanted, "hosts": allow_host}, token or [], token_file, limit or [], browser)
