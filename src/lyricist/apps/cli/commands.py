"""The commands and their options. Heavy modules are imported inside the functions, so that --help is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lyricist.apps.cli import app
from lyricist.apps.cli.plan_options import PANEL, SOURCES, takes_plan

Out = Annotated[Path, typer.Option("--out", "-o", help="Where to write.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Sources = Annotated[list[Path], typer.Argument(help="Files or folders of songs.")]
Midi = Annotated[
    Path | None,
    typer.Option("--midi", help="Folder of tunes, joined to songs by name (Artist_-_Title.mid)."),
]

Lexicon = Annotated[
    Path | None,
    typer.Option("--lexicon", help=SOURCES["lexicon"][1], rich_help_panel=PANEL),
]

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
def prepare(
    call: typer.Context,
    sources: Sources,
    out: Out,
    songs_by: Annotated[
        str, typer.Option(help="How a text file is divided into songs: auto, blank or file.")
    ] = "auto",
    english_only: Annotated[bool, typer.Option("--english-only", help="Drop songs in other languages.")] = False,
    keep_duplicates: Annotated[bool, typer.Option("--keep-duplicates", help="Keep duplicates.")] = False,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="For benchmark texts: clean nothing, split by file name.")
    ] = False,
    lyrics_column: Annotated[str | None, typer.Option(help="CSV/JSON field with the lyrics.")] = None,
    title_column: Annotated[str | None, typer.Option(help="CSV/JSON field with the title.")] = None,
    artist_column: Annotated[str | None, typer.Option(help="CSV/JSON field with the artist.")] = None,
    valid_share: Annotated[float, typer.Option(min=0, max=0.49, help="Share of songs for validation.")] = 0.05,
    test_share: Annotated[float, typer.Option(min=0, max=0.49, help="Share of songs for testing.")] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split.")] = 0,
    midi: Midi = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Read songs from files, clean and de-duplicate them, split them, and say what was kept and why not."""
    from lyricist.apps.cli.preparing import prepare_command

    chosen = {k: v for k, v in call.params.items() if k not in ("sources", "out", "midi", "force", "json")}
    prepare_command(sources, out, chosen, force, json, midi)


@app.command()
def train(
    call: typer.Context,
    out: Out,
    sources: Annotated[list[Path] | None, typer.Argument(help="A corpus, or files or folders of songs.")] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="What to train further: 'starter' (the default, if no shape is asked for), 'scratch', or a run.",
        ),
    ] = None,
    preset: Annotated[str | None, typer.Option(help="tiny, small, medium or large.")] = None,
    cell: Annotated[str | None, typer.Option(help="lstm or gru.")] = None,
    tokenizer: Annotated[str | None, typer.Option(help="word, char or whitespace.")] = None,
    order: Annotated[
        str | None, typer.Option(help="forward or backward: from which end the model reads and writes a line.")
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(help="What the model sees of a plan: none, slots (syllables and metre), tune, theme or all."),
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Wall time, all included: 90s, 10m, 2h.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Passes over the songs, at most.")] = None,
    layers: Annotated[int | None, typer.Option(help="Recurrent layers, 1 to 4.")] = None,
    hidden: Annotated[int | None, typer.Option(help="Units of each layer.")] = None,
    embedding: Annotated[int | None, typer.Option(help="Width of the word vectors.")] = None,
    untied: Annotated[bool, typer.Option("--untied", help="Output weights that are not the word vectors.")] = False,
    dropout: Annotated[float | None, typer.Option(help="Locked dropout: input, between layers, output.")] = None,
    dropout_embedding: Annotated[float | None, typer.Option(help="Share of words dropped everywhere.")] = None,
    dropout_weight: Annotated[float | None, typer.Option(help="Dropout of the recurrent weights.")] = None,
    vocabulary: Annotated[int | None, typer.Option(help="Most words the model knows.")] = None,
    batch: Annotated[int | None, typer.Option(help="Parallel streams of words, per process.")] = None,
    steps: Annotated[int | None, typer.Option(help="Words through which the error is propagated back.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Highest learning rate; it falls to zero.")] = None,
    negatives: Annotated[
        int | None, typer.Option(help="Negative samples of the softmax; 0: the full softmax.")
    ] = None,
    average: Annotated[float | None, typer.Option(help="Decay of the moving average of the weights.")] = None,
    anchor: Annotated[
        float | None,
        typer.Option(help="How strongly fine-tuning holds the weights to those of its base; 0: not at all."),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="Precision of matrix products: float32, bfloat16, or auto: the faster one on this CPU."),
    ] = None,
    patience: Annotated[int | None, typer.Option(help="Evaluations without progress before stopping.")] = None,
    save_every: Annotated[float | None, typer.Option(help="Seconds between checkpoints.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of everything random in training.")] = None,
    licence: Annotated[str | None, typer.Option(help="What the model card declares of the songs.")] = None,
    midi: Midi = None,
    recipe: Annotated[
        str | None,
        typer.Option(help="lstm, or classic: the notebook's, from word vectors and tunes.", rich_help_panel=CLASSIC),
    ] = None,
    melody_input: Annotated[
        str | None, typer.Option(help="concat, or project: through a dense layer.", rich_help_panel=CLASSIC)
    ] = None,
    context: Annotated[
        int | None, typer.Option(help="Words of context in training; the original has 1.", rich_help_panel=CLASSIC)
    ] = None,
    vectors: Annotated[
        Path | None, typer.Option(help="Word vectors: word2vec text or binary, GloVe text.", rich_help_panel=CLASSIC)
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where this run was stopped.")] = False,
    sample: Annotated[bool, typer.Option("--sample/--no-sample", help="Show lines while training.")] = True,
    force: Force = False,
) -> None:
    """Train a model on songs. Ctrl-C saves and ends; --resume goes on."""
    from lyricist.apps.cli.train_command import Request, train_command

    train_command(Request.of(call.params), resume, force, sample)


@app.command()
@takes_plan(drawing=True)
def write(
    call: typer.Context,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="A run to write from. Default: the starter.")
    ] = None,
    count: Annotated[int, typer.Option(help="How many songs.")] = 1,
    best_of: Annotated[int, typer.Option(help="Write so many and keep the one that reads most naturally.")] = 1,
    seed: Annotated[int | None, typer.Option(help="Same seed, same song. Later songs count up from it.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show how each line is read and how each word was chosen.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A .txt, .json or .jsonl file; with a tune a score.")
    ] = None,
    json: Json = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One song a line.")] = False,
    force: Force = False,
    **asked: Any,
) -> None:
    """Write songs."""
    from lyricist.apps.cli.classic import is_classic, write_classic
    from lyricist.apps.cli.write_command import DRAWING, Output, drafts, write_command

    drawing = {name: asked[name] for name in DRAWING}
    drawing["particles"] = drafts(asked["particles"], count, best_of)
    output = Output(out, json, jsonl, force, explain)
    if model is not None and is_classic(model):
        typed = [name for name in drawing if str(call.get_parameter_source(name)).endswith("COMMANDLINE")]
        write_classic(model, asked, typed, count, best_of, seed, output)
        return
    write_command(model, asked, drawing, count, best_of, seed, output)


@app.command()
@takes_plan()
def plan(
    tune: Annotated[Path | None, typer.Argument(help="A tune, as --melody.")] = None,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="A run: say whether it can fulfil the plan.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A .toml file.")] = None,
    json: Json = False,
    force: Force = False,
    **asked: Any,
) -> None:
    """Show what is asked of a song line by line, and save it."""
    from lyricist.apps.cli.plan_command import plan_command

    plan_command(tune, asked, model, out, json, force)


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
@takes_plan(without=("about", "all_words", "title", "allow", "fill", "verses"))
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
def rhymes(
    word: Annotated[str, typer.Argument(help="A word.")],
    kind: Annotated[str, typer.Option(help="perfect, near, identical or all.")] = "all",
    syllables: Annotated[int | None, typer.Option(help="Only words of this many syllables.")] = None,
    stress: Annotated[str | None, typer.Option(help="Only words with these stresses, such as 01.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most words of each kind and length; 0: all.")] = 20,
    model: Annotated[Path | None, typer.Option("--model", "-m", help="A run: only words it knows.")] = None,
    clean: Annotated[bool, typer.Option("--clean/--no-clean", help="Leave out slurs and obscenities.")] = True,
    lexicon: Lexicon = None,
    json: Json = False,
) -> None:
    """List perfect, near and identical rhymes of a word, by syllables, commonest first."""
    from lyricist.apps.cli.check_command import rhymes_command

    wishes = {"syllables": syllables, "stress": stress, "clean": clean}
    rhymes_command(word, kind, wishes, limit, model, lexicon, json)


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
def exercise(
    train: Annotated[Path, typer.Argument(help="Songs to learn from: a table of artist, title, lyrics.")],
    test: Annotated[Path, typer.Argument(help="Songs for whose melodies lyrics are written.")],
    midi: Annotated[Path, typer.Argument(help="Folder of tunes, named Artist_-_Title.mid.")],
    out: Out,
    first: Annotated[
        list[str] | None, typer.Option(help="First word of the lyrics; give three. Default: drawn by the seed.")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="Training of each variant: 90s, 10m, 2h. Default: 60s.")] = None,
    preset: Annotated[
        str, typer.Option(help="Preset of the project's model: tiny, small, medium or large.")
    ] = "small",
    variant: Annotated[list[str] | None, typer.Option(help="Only this variant; several times for several.")] = None,
    melodies: Annotated[int, typer.Option(min=0, help="Most test songs to write for; 0: all.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small networks trained for 3 s each, to see whether everything works.")
    ] = False,
    keep_runs: Annotated[bool, typer.Option("--keep-runs", help="Keep the trained runs in the report.")] = False,
    force: Force = False,
) -> None:
    """The university exercise: train every variant on the songs, write for unseen melodies, compare."""
    from lyricist.apps.cli.exercising import exercise_command

    options = {
        "first": tuple(first or ()),
        "seed": seed,
        "preset": preset,
        "variants": tuple(variant or ()),
        "melodies": melodies,
        "keep_runs": keep_runs,
    }
    exercise_command((train, test, midi), out, options, budget, quick, force)


@app.command()
def sweep(
    out: Out,
    sources: Annotated[list[Path] | None, typer.Argument(help="A corpus, or files or folders of songs.")] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="What to vary: hidden=128,256 or learning_rate=1e-3..1e-2 or hidden=128..512:64. May be repeated.",
        ),
    ] = None,
    classic_grid: Annotated[
        bool,
        typer.Option("--classic-grid", help="The notebook's 32 settings, on the sample songs if none are named."),
    ] = False,
    sampler: Annotated[str | None, typer.Option(help="grid, random or tpe. Default: grid; tpe for ranges.")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Trials that are sampled. Default: 20.")] = None,
    budget: Annotated[str | None, typer.Option(help="Wall time of each trial: 20s, 5m.")] = None,
    preset: Annotated[
        str | None, typer.Option(help="Preset of what is not varied: tiny, small, medium or large.")
    ] = None,
    tokenizer: Annotated[str, typer.Option(help="word, char or whitespace.")] = "word",
    seed: Annotated[int, typer.Option(min=0, help="Seed of every trial, and of the sampler.")] = 0,
    prune: Annotated[
        bool | None, typer.Option("--prune/--no-prune", help="End hopeless trials early. Default: not in a grid.")
    ] = None,
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
) -> int:
    """Train many settings and compare them. Ctrl-C ends it; the same command goes on."""
    from lyricist.apps.cli.sweeping import Asked, sweep_command

    asked = Asked(sets or [], classic_grid, sampler, trials, budget, preset, tokenizer, seed, prune)
    where = {"workers": workers, "storage": storage, "study": study, "force": force, "retry": retry_failed}
    return sweep_command(sources or [], out, asked, where, json)
