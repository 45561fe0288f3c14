"""The commands and their options. Heavy modules are imported inside, so that --help is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lyricist.apps.cli import app, options

Out = Annotated[Path, typer.Option("--out", "-o", help="Where to write.", show_default=False)]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
Sources = Annotated[list[Path], typer.Argument(help="Files or folders of songs.", show_default=False)]
Midi = Annotated[
    Path | None,
    typer.Option("--midi", help="Folder of tunes, joined to songs by name (Artist_-_Title.mid).", show_default=False),
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
    from lyricist.apps.cli import training

    training.demo(out, budget, seed)


@app.command()
def prepare(
    sources: Sources,
    out: Out,
    songs_by: Annotated[str, typer.Option(help="How a text file falls into songs: auto, blank or file.")] = "auto",
    english_only: Annotated[bool, typer.Option("--english-only", help="Drop songs in other languages.")] = False,
    keep_duplicates: Annotated[bool, typer.Option("--keep-duplicates", help="Drop no duplicates.")] = False,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Benchmark texts: nothing cleaned, splits by file name.")
    ] = False,
    lyrics_column: Annotated[str | None, typer.Option(help="CSV/JSON field with the lyrics.")] = None,
    title_column: Annotated[str | None, typer.Option(help="CSV/JSON field with the title.")] = None,
    artist_column: Annotated[str | None, typer.Option(help="CSV/JSON field with the artist.")] = None,
    valid_share: Annotated[float, typer.Option(min=0, max=0.49, help="Share of songs for validation.")] = 0.05,
    test_share: Annotated[float, typer.Option(min=0, max=0.49, help="Share of songs for testing.")] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Of the split.")] = 0,
    midi: Midi = None,
    force: Force = False,
    json: Json = False,
) -> None:
    """Read songs from files, clean and de-duplicate them, split them, and say what was kept and why not."""
    from lyricist.apps.cli import preparing

    chosen = {
        "songs_by": songs_by,
        "english_only": english_only,
        "keep_duplicates": keep_duplicates,
        "as_is": as_is,
        "lyrics_column": lyrics_column,
        "title_column": title_column,
        "artist_column": artist_column,
        "valid_share": valid_share,
        "test_share": test_share,
        "seed": seed,
    }
    preparing.prepare_command(sources, out, chosen, force, json, midi)


@app.command()
def train(
    out: Out,
    sources: Annotated[list[Path] | None, typer.Argument(help="A corpus, or files or folders of songs.")] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="What to go on from: 'starter' (the default, if no shape is asked for), 'scratch', or a run.",
            show_default=False,
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
    untied: Annotated[bool, typer.Option("--untied", help="Output weights of their own.")] = False,
    dropout: Annotated[float | None, typer.Option(help="Locked dropout: input, between layers, output.")] = None,
    dropout_embedding: Annotated[float | None, typer.Option(help="Share of words dropped everywhere.")] = None,
    dropout_weight: Annotated[float | None, typer.Option(help="On the recurrent weights.")] = None,
    vocabulary: Annotated[int | None, typer.Option(help="Most words the model knows.")] = None,
    batch: Annotated[int | None, typer.Option(help="Parallel streams, per process.")] = None,
    steps: Annotated[int | None, typer.Option(help="Words of truncated backpropagation.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak; falls to zero.")] = None,
    negatives: Annotated[int | None, typer.Option(help="Sampled softmax; 0: full.")] = None,
    average: Annotated[float | None, typer.Option(help="Decay of the moving average of the weights.")] = None,
    anchor: Annotated[
        float | None, typer.Option(help="How fine-tuning holds on to its base's weights; 0: not at all.")
    ] = None,
    precision: Annotated[
        str | None, typer.Option(help="Of matrix products: float32, bfloat16, or auto: what the CPU does faster.")
    ] = None,
    patience: Annotated[int | None, typer.Option(help="Evaluations without progress before stopping.")] = None,
    save_every: Annotated[float | None, typer.Option(help="Seconds between checkpoints.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of everything random in training.")] = None,
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
        int | None, typer.Option(help="Words it is trained to read; 1 is the original's.", rich_help_panel=CLASSIC)
    ] = None,
    vectors: Annotated[
        Path | None, typer.Option(help="Word vectors: word2vec text or binary, GloVe text.", rich_help_panel=CLASSIC)
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where this run was stopped.")] = False,
    sample: Annotated[bool, typer.Option("--sample/--no-sample", help="Show lines while training.")] = True,
    force: Force = False,
) -> None:
    """Train a model on songs. Ctrl-C saves and ends; --resume goes on."""
    from lyricist.apps.cli import training

    model = {
        "cell": cell,
        "layers": layers,
        "hidden": hidden,
        "embedding": embedding,
        "tied": False if untied else None,
        "dropout_input": dropout,
        "dropout_hidden": dropout,
        "dropout_output": dropout,
        "dropout_embedding": dropout_embedding,
        "dropout_weight": dropout_weight,
    }
    config = {
        "budget": training.seconds(budget) if budget else None,
        "epochs": epochs,
        "batch": batch,
        "steps": steps,
        "learning_rate": learning_rate,
        "negatives": negatives,
        "average": average,
        "anchor": anchor,
        "precision": precision,
        "patience": patience,
        "save_every": save_every,
        "seed": seed,
    }
    request = training.Request(
        sources or [], out, base, preset, tokenizer, order, features, vocabulary, model, config, licence
    )
    request.midi, request.recipe, request.vectors = midi, recipe, vectors
    request.classic = {"melody_input": melody_input, "context": context}
    training.train_command(request, resume, force, sample)


@app.command()
def write(
    context: typer.Context,
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="A run to write from. [default: the starter]", show_default=False),
    ] = None,
    form: options.Form = None,
    lines: options.Lines = None,
    syllables: options.Syllables = None,
    metre: options.Metre = None,
    rhyme: options.Rhyme = None,
    rhyme_kind: options.RhymeKind = None,
    rhyme_with: options.RhymeWith = None,
    about: options.About = None,
    include: options.Include = None,
    avoid: options.Avoid = None,
    clean: options.Clean = None,
    all_words: options.AllWords = False,
    start: options.Start = None,
    acrostic: options.Acrostic = None,
    refrain: options.Refrain = None,
    hook: options.Hook = None,
    keep_chorus: options.KeepChorus = None,
    title: options.Title = None,
    max_copy: options.MaxCopy = None,
    like: options.Like = None,
    plan: options.PlanFile = None,
    fill: options.Fill = None,
    melody: options.Melody = None,
    track: options.Track = None,
    phrases: options.Phrases = None,
    verses: options.Verses = None,
    allow: options.Allow = False,
    lexicon: options.LexiconFile = None,
    count: Annotated[int, typer.Option(help="How many songs.")] = 1,
    best_of: Annotated[int, typer.Option(help="Write so many and keep the one that reads most naturally.")] = 1,
    seed: Annotated[int | None, typer.Option(help="Same seed, same song. Later songs count up from it.")] = None,
    temperature: Annotated[float, typer.Option(help="Below 1: safer words; above: bolder.")] = 0.75,
    top_k: Annotated[int, typer.Option(help="Only the k likeliest words; 0: off.")] = 0,
    top_p: Annotated[float, typer.Option(help="Only the likeliest words that make up p; 1: off.")] = 1.0,
    min_p: Annotated[float, typer.Option(help="Only words at least this likely beside the best; 0: off.")] = 0.02,
    repetition: Annotated[float, typer.Option(help="Nats off a word for each recent use; 0: off.")] = 0.4,
    particles: Annotated[
        int | None,
        typer.Option(
            help="Drafts begun side by side for each song, 1 to 256. [default: 32; 2 from 101 songs on]",
            show_default=False,
        ),
    ] = None,
    merit: Annotated[float, typer.Option(help="How much drafts are chosen by their lines' score; 0: off.")] = 1.0,
    judge: Annotated[float, typer.Option(help="How much by the judge of lines as well; 0: off.")] = 3.5,
    fresh: Annotated[
        float, typer.Option(help="Nats off a rhyme for every e-fold that it is more usual than others.")
    ] = 0.0,
    rhyme_temperature: Annotated[float, typer.Option(help="Above 1: rarer rhymes.")] = 1.3,
    archaic: Annotated[float, typer.Option(help="Nats off archaic forms such as thou and o'er; 0: off.")] = 4.0,
    long_words: Annotated[float, typer.Option(help="Nats for a word's second and third syllable each.")] = 1.1,
    balance: Annotated[float, typer.Option(help="Hold back words that the model says too often; 0: off.")] = 1.0,
    explain: Annotated[
        bool, typer.Option("--explain", help="How each line is read, and how each word was chosen.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A .txt, .json or .jsonl file; with a tune a score.", show_default=False),
    ] = None,
    json: Json = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One song a line.")] = False,
    force: Force = False,
) -> None:
    """Write songs."""
    from lyricist.apps.cli import classic, writing
    from lyricist.model.checkpoint import Run

    drawing = {name: context.params[name] for name in writing.DRAWING}
    drawing["particles"] = writing.drafts(particles, count, best_of)
    output = writing.Output(out, json, jsonl, force, explain)
    if model is not None and Run.open(model).kind == "classic":
        typed = [name for name in drawing if str(context.get_parameter_source(name)).endswith("COMMANDLINE")]
        classic.write_classic(model, context.params, typed, count, best_of, seed, output)
        return
    writing.write_command(model, context.params, drawing, count, best_of, seed, output)


@app.command()
def plan(
    context: typer.Context,
    tune: Annotated[Path | None, typer.Argument(help="A tune, as --melody.", show_default=False)] = None,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="A run: can it fulfil the plan?", show_default=False)
    ] = None,
    form: options.Form = None,
    lines: options.Lines = None,
    syllables: options.Syllables = None,
    metre: options.Metre = None,
    rhyme: options.Rhyme = None,
    rhyme_kind: options.RhymeKind = None,
    rhyme_with: options.RhymeWith = None,
    about: options.About = None,
    include: options.Include = None,
    avoid: options.Avoid = None,
    clean: options.Clean = None,
    all_words: options.AllWords = False,
    start: options.Start = None,
    acrostic: options.Acrostic = None,
    refrain: options.Refrain = None,
    hook: options.Hook = None,
    keep_chorus: options.KeepChorus = None,
    title: options.Title = None,
    max_copy: options.MaxCopy = None,
    like: options.Like = None,
    plan: options.PlanFile = None,
    fill: options.Fill = None,
    melody: options.Melody = None,
    track: options.Track = None,
    phrases: options.Phrases = None,
    verses: options.Verses = None,
    allow: options.Allow = False,
    lexicon: options.LexiconFile = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A .toml file.", show_default=False)] = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Show what is asked of a song line by line, and save it."""
    from lyricist.apps.cli import planning

    planning.plan_command(planning.with_tune(context.params, tune), model, out, json, force)


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="A run, or 'starter'.", show_default=False)],
    source: Annotated[Path | None, typer.Argument(help="Songs to judge it on; its own test split without.")] = None,
    split: Annotated[str, typer.Option(help="Which split of a corpus: train, valid or test.")] = "test",
    songs: Annotated[int, typer.Option(min=0, help="Songs written to measure what it writes; 0: none.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of the songs written.")] = 0,
    midi: Annotated[
        Path | None,
        typer.Option("--midi", help="For a classic run and other songs: their tunes.", show_default=False),
    ] = None,
    json: Json = False,
) -> None:
    """Perplexity per word, bits per character, and what the songs it writes look like."""
    from lyricist.apps.cli import evaluating

    evaluating.evaluate_command(run, source, split, songs, seed, json, midi)


@app.command()
def check(
    context: typer.Context,
    lyrics: Annotated[str, typer.Argument(help="A text file, or - for standard input.", show_default=False)],
    against: Annotated[
        Path | None, typer.Option(help="A corpus, or songs: what stands in them?", show_default=False)
    ] = None,
    run: Annotated[
        int | None, typer.Option(min=1, help="Words of the shortest run shown. [default: 6]", show_default=False)
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 4 on violations and on runs beyond --max-copy.")
    ] = False,
    plan: options.PlanFile = None,
    like: options.Like = None,
    form: options.Form = None,
    lines: options.Lines = None,
    syllables: options.Syllables = None,
    metre: options.Metre = None,
    rhyme: options.Rhyme = None,
    rhyme_kind: options.RhymeKind = None,
    rhyme_with: options.RhymeWith = None,
    include: options.Include = None,
    avoid: options.Avoid = None,
    clean: options.Clean = None,
    start: options.Start = None,
    acrostic: options.Acrostic = None,
    refrain: options.Refrain = None,
    hook: options.Hook = None,
    keep_chorus: options.KeepChorus = None,
    max_copy: options.MaxCopy = None,
    melody: options.Melody = None,
    track: options.Track = None,
    phrases: options.Phrases = None,
    lexicon: options.LexiconFile = None,
    json: Json = False,
) -> int:
    """Syllables, stress, metre and rhymes of any text; what breaks a plan; what is copied, and from where."""
    from lyricist.apps.cli import checking

    return checking.check_command(lyrics, context.params, against, run, strict, json)


@app.command()
def rhymes(
    word: Annotated[str, typer.Argument(help="A word.", show_default=False)],
    kind: Annotated[str, typer.Option(help="perfect, near, identical or all.")] = "all",
    syllables: Annotated[int | None, typer.Option(help="Only words of so many.", show_default=False)] = None,
    stress: Annotated[str | None, typer.Option(help="Only words stressed like 01.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most words of a kind and length; 0: all.")] = 20,
    model: Annotated[
        Path | None, typer.Option("--model", "-m", help="A run: only words it knows.", show_default=False)
    ] = None,
    clean: Annotated[bool, typer.Option("--clean/--no-clean", help="Leave out slurs and obscenities.")] = True,
    lexicon: options.LexiconFile = None,
    json: Json = False,
) -> None:
    """Perfect, near and identical rhymes of a word, by syllables, commonest first."""
    from lyricist.apps.cli import checking

    wishes = {"syllables": syllables, "stress": stress, "clean": clean}
    checking.rhymes_command(word, kind, wishes, limit, model, lexicon, json)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A run.", show_default=False)],
    out: Out,
    to: Annotated[str | None, typer.Option(help="onnx or keras: one file for other programs.")] = None,
    share: Annotated[
        bool, typer.Option("--share", help="A copy of the run without songs, history and what resuming needs.")
    ] = False,
    force: Force = False,
) -> None:
    """Give a run to others: as a file for other programs, or as a copy fit to be handed on."""
    from lyricist.apps.cli import exporting

    exporting.export_command(run, to, out, share, force)


@app.command()
def exercise(
    train: Annotated[
        Path, typer.Argument(help="Songs to learn from: a table of artist, title, lyrics.", show_default=False)
    ],
    test: Annotated[Path, typer.Argument(help="Songs whose melodies are to be written for.", show_default=False)],
    midi: Annotated[Path, typer.Argument(help="Folder of tunes, called Artist_-_Title.mid.", show_default=False)],
    out: Out,
    first: Annotated[
        list[str] | None,
        typer.Option(help="A word lyrics begin with; three times. Else drawn by the seed.", show_default=False),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="Training of each variant: 90s, 10m, 2h. [default: 60s]", show_default=False)
    ] = None,
    preset: Annotated[str, typer.Option(help="Of the project's model: tiny, small, medium or large.")] = "small",
    variant: Annotated[
        list[str] | None, typer.Option(help="Only this variant; several times for several.", show_default=False)
    ] = None,
    melodies: Annotated[int, typer.Option(min=0, help="Write for so many test songs at most; 0: all.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small networks and 3 s each: does everything work?")
    ] = False,
    keep_runs: Annotated[bool, typer.Option("--keep-runs", help="Leave the trained runs in the report.")] = False,
    force: Force = False,
) -> None:
    """The university exercise: every variant learns the songs, writes for unseen melodies, and is compared."""
    from lyricist.apps.cli import exercising

    options = {
        "first": tuple(first or ()),
        "seed": seed,
        "preset": preset,
        "variants": tuple(variant or ()),
        "melodies": melodies,
        "keep_runs": keep_runs,
    }
    exercising.exercise_command((train, test, midi), out, options, budget, quick, force)
