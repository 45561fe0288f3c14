"""The commands and their options. Heavy modules are imported inside the functions, so that --help is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lyricist.apps.cli import app
from lyricist.apps.cli.command_options import PANEL, SOURCES, option, takes

Out = Annotated[Path, typer.Option("--out", "-o", help="Where to write.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Sources = Annotated[list[Path], typer.Argument(help="Files or folders of songs.")]
MIDI = "Folder of tunes, joined to songs by name (Artist_-_Title.mid)."
CLASSIC = "The classic recipe"


def version(show: bool) -> None:
    if show:
        from importlib.metadata import version

        print(f"lyricist {version('lyricist')}")
        raise typer.Exit


@app.callback()
def root(
    show: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the demo's run is kept.")] = Path("lyricist-demo"),
    budget: Annotated[str, typer.Option(help="How long to train.")] = "60s",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same song on the same machine.")] = 7,
) -> None:
    """Train on the bundled sample songs for about a minute, live, and write a song."""
    from lyricist.apps.cli.train_command import demo_command

    demo_command(out, budget, seed)


@app.command()
@takes(
    option("songs_by", str, "How a text file is divided into songs: auto, blank or file.", default="auto"),
    option("english_only", bool, "Drop songs in other languages."),
    option("keep_duplicates", bool, "Keep duplicates."),
    option("as_is", bool, "For benchmark texts: clean nothing, split by file name."),
    option("lyrics_column", str, "CSV/JSON field with the lyrics."),
    option("title_column", str, "CSV/JSON field with the title."),
    option("artist_column", str, "CSV/JSON field with the artist."),
    option("valid_share", float, "Share of songs for validation.", default=0.05, min=0, max=0.49),
    option("test_share", float, "Share of songs for testing.", default=0.05, min=0, max=0.49),
    option("seed", int, "Seed of the split.", default=0, min=0),
)
def prepare(
    sources: Sources,
    out: Out,
    midi: Annotated[Path | None, typer.Option(help=MIDI)] = None,
    force: Force = False,
    json: Json = False,
    **chosen: Any,
) -> None:
    """Read songs from files, clean and de-duplicate them, split them, and say what was kept and why not."""
    from lyricist.apps.cli.prepare_command import prepare_command

    prepare_command(sources, out, chosen, force, json, midi)


@app.command()
@takes(
    option(
        "base",
        str,
        "What to train further: 'starter' (the default, if no shape is asked for), 'scratch', or a run.",
        "--from",
    ),
    option("preset", str, "tiny, small, medium or large."),
    option("cell", str, "lstm or gru."),
    option("tokenizer", str, "word, char or whitespace."),
    option("order", str, "forward or backward: from which end the model reads and writes a line."),
    option("features", str, "What the model sees of a plan: none, slots (syllables and metre), tune, theme or all."),
    option("budget", str, "Wall time, all included: 90s, 10m, 2h."),
    option("epochs", float, "Passes over the songs, at most."),
    option("layers", int, "Recurrent layers, 1 to 4."),
    option("hidden", int, "Units of each layer."),
    option("embedding", int, "Width of the word vectors."),
    option("untied", bool, "Output weights that are not the word vectors."),
    option("dropout", float, "Locked dropout: input, between layers, output."),
    option("dropout_embedding", float, "Share of words dropped everywhere."),
    option("dropout_weight", float, "Dropout of the recurrent weights."),
    option("vocabulary", int, "Most words the model knows."),
    option("batch", int, "Parallel streams of words, per process."),
    option("steps", int, "Words through which the error is propagated back."),
    option("learning_rate", float, "Highest learning rate; it falls to zero."),
    option("negatives", int, "Negative samples of the softmax; 0: the full softmax."),
    option("average", float, "Decay of the moving average of the weights."),
    option("anchor", float, "How strongly fine-tuning holds the weights to those of its base; 0: not at all."),
    option("precision", str, "Precision of matrix products: float32, bfloat16, or auto: the faster one on this CPU."),
    option("patience", int, "Evaluations without progress before stopping."),
    option("save_every", float, "Seconds between checkpoints."),
    option("seed", int, "Seed of everything random in training.", min=0),
    option("licence", str, "What the model card declares of the songs."),
    option("midi", Path, MIDI),
    option("recipe", str, "lstm, or classic: the notebook's, from word vectors and tunes.", rich_help_panel=CLASSIC),
    option("melody_input", str, "concat, or project: through a dense layer.", rich_help_panel=CLASSIC),
    option("context", int, "Words of context in training; the original has 1.", rich_help_panel=CLASSIC),
    option("vectors", Path, "Word vectors: word2vec text or binary, GloVe text.", rich_help_panel=CLASSIC),
)
def train(
    out: Out,
    sources: Annotated[list[Path] | None, typer.Argument(help="A corpus, or files or folders of songs.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where this run was stopped.")] = False,
    sample: Annotated[bool, typer.Option("--sample/--no-sample", help="Show lines while training.")] = True,
    force: Force = False,
    **typed: Any,
) -> None:
    """Train a model on songs. Ctrl-C saves and ends; --resume goes on."""
    from lyricist.apps.cli.train_command import Request, train_command

    train_command(Request.of(sources or (), out, typed), resume, force, sample)


@app.command()
@takes(
    option("explain", bool, "Show how each line is read and how each word was chosen."),
    option("out", Path, "A .txt, .json or .jsonl file; with a tune a score.", "--out", "-o"),
    option("as_json", bool, "JSON on stdout.", "--json"),
    option("as_jsonl", bool, "One song a line.", "--jsonl"),
    option("force", bool, "Replace what is there."),
    option("full", bool, "Score: all parts of a MIDI file, not only the sung one."),
    plan=True,
    drawing=True,
)
def write(
    call: typer.Context,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="A run to write from. Default: the starter.")
    ] = None,
    count: Annotated[int, typer.Option(help="How many songs.")] = 1,
    best_of: Annotated[int, typer.Option(help="Write so many and keep the one that reads most naturally.")] = 1,
    seed: Annotated[int | None, typer.Option(help="Same seed, same song. Later songs count up from it.")] = None,
    **asked: Any,
) -> None:
    """Write songs."""
    from lyricist.apps.cli.write_command import DRAWING, Output, write_classic, write_command
    from lyricist.model.checkpoint import Run

    drawing = {name: asked[name] for name in DRAWING}
    output = Output(**{name: asked.pop(name) for name in ("out", "as_json", "as_jsonl", "force", "explain", "full")})
    if model is not None and Run.open(model).kind == "classic":
        typed = [name for name in drawing if str(call.get_parameter_source(name)).endswith("COMMANDLINE")]
        write_classic(model, asked, typed, count, best_of, seed, output)
        return
    write_command(model, asked, drawing, count, best_of, seed, output)


@app.command()
@takes(plan=True)
def plan(
    tune: Annotated[Path | None, typer.Argument(help="A tune, as --melody.")] = None,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="A run: say whether it can fulfil the plan.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Show the premise that this seed draws.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A .toml file.")] = None,
    json: Json = False,
    force: Force = False,
    **asked: Any,
) -> None:
    """Show what is asked of a song line by line, and save it."""
    from lyricist.apps.cli.plan_command import plan_command

    plan_command(tune, asked, model, out, json, force, seed)


@app.command()
def forms(
    name: Annotated[str | None, typer.Argument(help="A form, shown line by line. Default: all forms.")] = None,
    json: Json = False,
) -> None:
    """List the named forms, such as sonnet, with an example each; --form takes their names."""
    from lyricist.apps.cli.plan_command import forms_command

    forms_command(name, json)


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="A run, or 'starter'.")],
    source: Annotated[
        Path | None, typer.Argument(help="Songs to evaluate it on. Default: its own test split.")
    ] = None,
    split: Annotated[str, typer.Option(help="Which split of a corpus: train, valid or test.")] = "test",
    songs: Annotated[int, typer.Option(min=0, help="Songs to write and measure; 0: none.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the songs written.")] = 0,
    midi: Annotated[
        Path | None, typer.Option("--midi", help="Folder of the tunes of these songs, for a classic run.")
    ] = None,
    json: Json = False,
) -> None:
    """Measure a run: perplexity per word, bits per character, and the songs it writes."""
    from lyricist.apps.cli.evaluate_command import evaluate_command

    evaluate_command(run, source, split, songs, seed, json, midi)


@app.command()
@takes(plan=True, without=("about", "all_words", "bare", "title", "allow", "fill", "verses", "premise"))
def check(
    lyrics: Annotated[str, typer.Argument(help="A text file, or - for standard input.")],
    against: Annotated[Path | None, typer.Option(help="A corpus, or songs: show what is copied from them.")] = None,
    run: Annotated[int | None, typer.Option(min=1, help="Words of the shortest run shown. Default: 6.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 4 on violations and on runs beyond --max-copy.")
    ] = False,
    json: Json = False,
    **asked: Any,
) -> int:
    """Show syllables, stress, metre and rhymes of any text, what breaks a plan, and what is copied."""
    from lyricist.apps.cli.check_command import check_command

    return check_command(lyrics, asked, against, run, strict, json)


@app.command()
@takes(
    option("syllables", int, "Only words of this many syllables."),
    option("stress", str, "Only words with these stresses, such as 01."),
    option("lexicon", Path, SOURCES["lexicon"][1], rich_help_panel=PANEL),
)
def rhymes(
    word: Annotated[str, typer.Argument(help="A word.")],
    kind: Annotated[str, typer.Option(help="perfect, mosaic, light, near, identical or all.")] = "all",
    limit: Annotated[int, typer.Option(min=0, help="Most words of each kind and length; 0: all.")] = 20,
    model: Annotated[Path | None, typer.Option("--model", "-m", help="A run: only words it knows.")] = None,
    clean: Annotated[bool, typer.Option("--clean/--no-clean", help="Leave out slurs and obscenities.")] = True,
    json: Json = False,
    **wishes: Any,
) -> None:
    """List rhymes of a word by kind and syllables, those that songs use most first."""
    from lyricist.apps.cli.check_command import rhymes_command

    lexicon = wishes.pop("lexicon")
    rhymes_command(word, kind, {"clean": clean, **wishes}, limit, model, lexicon, json)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A run.")],
    out: Out,
    to: Annotated[str | None, typer.Option(help="onnx or keras: one file for other programs.")] = None,
    share: Annotated[
        bool, typer.Option("--share", help="A copy of the run without songs, history and what --resume needs.")
    ] = False,
    force: Force = False,
) -> None:
    """Export a run: as one file for other programs, or as a copy to share."""
    from lyricist.apps.cli.export_command import export_command

    export_command(run, to, out, share, force)


@app.command()
@takes(
    option("first", list[str], "First word of the lyrics; give three. Default: drawn by the seed."),
    option("preset", str, "Preset of the project's model: tiny, small, medium or large.", default="small"),
    option("variant", list[str], "Only this variant; several times for several."),
    option("melodies", int, "Most test songs to write for; 0: all.", default=0, min=0),
    option("seed", int, "Seed of everything random.", default=0, min=0),
    option("keep_runs", bool, "Keep the trained runs in the report."),
)
def exercise(
    train: Annotated[Path, typer.Argument(help="Songs to learn from: a table of artist, title, lyrics.")],
    test: Annotated[Path, typer.Argument(help="Songs for whose melodies lyrics are written.")],
    midi: Annotated[Path, typer.Argument(help="Folder of tunes, named Artist_-_Title.mid.")],
    out: Out,
    budget: Annotated[str | None, typer.Option(help="Training of each variant: 90s, 10m, 2h. Default: 60s.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small networks trained for 3 s each, to see whether everything works.")
    ] = False,
    force: Force = False,
    **options: Any,
) -> None:
    """The university exercise: train every variant on the songs, write for unseen melodies, compare."""
    from lyricist.apps.cli.experiment_commands import exercise_command

    options["first"], options["variants"] = tuple(options["first"] or ()), tuple(options.pop("variant") or ())
    exercise_command((train, test, midi), out, options, budget, quick, force)


@app.command()
@takes(
    option(
        "sets",
        list[str],
        "What to vary: hidden=128,256 or learning_rate=1e-3..1e-2 or hidden=128..512:64. May be repeated.",
        "--set",
    ),
    option("classic_grid", bool, "The notebook's 32 settings, on the sample songs if none are named."),
    option("sampler", str, "grid, random or tpe. Default: grid; tpe for ranges."),
    option("trials", int, "Trials that are sampled. Default: 20.", min=1),
    option("budget", str, "Wall time of each trial: 20s, 5m."),
    option("preset", str, "Preset of what is not varied: tiny, small, medium or large."),
    option("tokenizer", str, "word, char or whitespace.", default="word"),
    option("seed", int, "Seed of every trial, and of the sampler.", default=0, min=0),
    option("prune", bool, "End hopeless trials early. Default: not in a grid.", negatable=True),
)
def sweep(
    out: Out,
    sources: Annotated[list[Path] | None, typer.Argument(help="A corpus, or files or folders of songs.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Trials at the same time; they share the processors.")] = 1,
    storage: Annotated[
        str | None, typer.Option(help="A database that machines share: postgresql://USER:PASSWORD@HOST/DB.")
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Name of the study in a shared database. Default: that of -o.")
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Train failed trials again.")] = False,
    force: Force = False,
    json: Json = False,
    **asked: Any,
) -> int:
    """Train many settings and compare them. Ctrl-C ends it; the same command goes on."""
    from lyricist.apps.cli.experiment_commands import Asked, sweep_command

    asked["sets"] = asked["sets"] or []
    where = {"workers": workers, "storage": storage, "study": study, "force": force, "retry": retry_failed}
    return sweep_command(sources or [], out, Asked(**asked), where, json)


@app.command()
@takes(
    option("port", int, "Port to listen on; 0 takes any free port.", default=8765, min=0, max=65535),
    option("host", str, "Address to listen on. An address that others can reach needs a token.", default="127.0.0.1"),
    option("hosts", list[str], "Further host name of the studio, such as a proxy's.", "--allow-host"),
    option("data", Path, "Folder for uploads, drafts and runs."),
    option("models", Path, "Folder of runs to write with."),
    option(
        "training",
        bool,
        "Permit training. Default: only if no other machine can reach the studio.",
        negatable=True,
    ),
    option("demo", bool, "Open with a sample song and tune."),
)
def studio(
    token: Annotated[
        list[str] | None, typer.Option(help="Secret that a browser must send; repeat it for several people.")
    ] = None,
    token_file: Annotated[Path | None, typer.Option(help="File of tokens, one per line.")] = None,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Change a limit; repeat the option for several.")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
    **wanted: Any,
) -> None:
    """Open the studio: a page to write songs in, on your own machine, and an API behind it."""
    from lyricist.apps.cli.studio_command import open_studio

    open_studio(wanted, token or [], token_file, limit or [], browser)
