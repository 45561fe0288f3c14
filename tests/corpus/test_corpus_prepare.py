"""`prepare` as a whole: what is kept, dropped and split; every bad input; directories whole or not at all."""

import errno
import importlib
import json
import os
import random
import shutil
import subprocess
import sys

import numpy as np
import pytest

from lyricist.corpus import Corpus, PrepareOptions, is_corpus, open_corpus, prepare
from lyricist.corpus import prepare as prepare_function
from lyricist.errors import InputError, MissingExtra

_NOUNS = "river morning winter harbour garden station kitchen window mountain city lantern feather"
_VERBS = "carry follow remember borrow whistle gather promise wander measure forgive"
NOUNS, VERBS = _NOUNS.split(), _VERBS.split()


def song(seed, lines=8):
    """Eight English lines that no other seed gives."""
    draw = random.Random(seed)
    return "\n".join(
        f"I {draw.choice(VERBS)} the {draw.choice(NOUNS)} and {draw.choice(VERBS)} my {draw.choice(NOUNS)} number {draw.randrange(9999)}"
        for _ in range(lines)
    )


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "songs"
    home.mkdir()
    for n in range(6):
        (home / f"song-{n}.txt").write_text(song(n))
    return home


def titles(corpus, split=None):
    return sorted(s.title for s in corpus.songs(split))


def test_a_folder_becomes_a_corpus(folder, tmp_path):
    (folder / "more").mkdir()
    (folder / "more" / "table.csv").write_text(f'title,lyrics\nCsv One,"{song(20)}"\nCsv Two,"{song(21)}"\n')
    out = tmp_path / "out" / "corpus"
    corpus = prepare(folder, out)
    assert sorted(p.name for p in out.iterdir()) == ["corpus.json", "offsets.npy", "songs.jsonl"]
    assert len(corpus) == 8
    assert titles(corpus) == ["Csv One", "Csv Two", *(f"song {n}" for n in range(6))]
    info = json.loads((out / "corpus.json").read_text())
    assert (info["format"], info["songs"], info["lines"]) == (1, 8, 64)
    assert info["words"] == sum(s.word_count() for s in corpus.songs())
    assert sum(part["songs"] for part in info["splits"].values()) == 8
    assert str(tmp_path) not in (out / "corpus.json").read_text() + (out / "songs.jsonl").read_text()
    assert [(row.source, row.kind, row.read, row.kept) for row in corpus.report.sources] == [
        ("songs/*.txt", "text", 6, 6),
        ("songs/more/table.csv", "csv", 2, 2),
    ]
    assert all(len(row["sha256"]) == 64 for row in info["sources"])


def test_the_corpus_reads_back(folder, tmp_path):
    made = prepare(folder, tmp_path / "c")
    corpus = open_corpus(tmp_path / "c")
    assert corpus.fingerprint == made.fingerprint
    everything = list(corpus.songs())
    assert [corpus[n] for n in range(len(corpus))] == everything
    assert corpus[-1] == everything[-1]
    assert [s for split in ("train", "valid", "test") for s in corpus.songs(split)] == everything
    with pytest.raises(IndexError):
        corpus[6]
    with pytest.raises(InputError, match="split 'dev'"):
        list(corpus.songs("dev"))
    lines = (tmp_path / "c" / "songs.jsonl").read_bytes().splitlines(keepends=True)
    assert np.load(tmp_path / "c" / "offsets.npy").tolist() == np.cumsum([0, *map(len, lines)]).tolist()
    assert [json.loads(line)["split"] for line in lines] == sorted(
        [json.loads(line)["split"] for line in lines], key=["train", "valid", "test"].index
    )


def test_the_fingerprint_is_of_the_content(folder, tmp_path):
    one, two = prepare(folder), prepare(folder)
    assert one.fingerprint == two.fingerprint
    assert prepare(folder, options=PrepareOptions(seed=5, valid_share=0.3)).fingerprint != one.fingerprint


def test_no_out_is_a_temporary_directory(folder):
    corpus = prepare(folder)
    path = corpus.path
    assert path.is_dir()
    del corpus
    assert not path.exists()


def test_texts_and_dicts():
    corpus = prepare(
        texts=[song(1), {"title": "Two", "artist": "Ann", "lyrics": song(2)}, song(3), {"lyrics": ""}, 7]
    )
    assert len(corpus) == 3
    assert "Two" in titles(corpus)
    (row,) = corpus.report.sources
    assert (row.read, row.kept, row.dropped["no lyrics"][0]) == (5, 3, 2)
    assert len(prepare(texts=(song(n) for n in range(4)))) == 4
    with pytest.raises(InputError, match="texts: one str"):
        prepare(texts=song(1))


def test_pandas(folder):
    pandas = pytest.importorskip("pandas")
    table = prepare(folder).to_pandas()
    assert isinstance(table, pandas.DataFrame)
    assert list(table.columns) == ["title", "artist", "split", "source", "sections", "lines", "words", "text"]
    assert (len(table), table["lines"].sum()) == (6, 48)


def test_progress(folder):
    told = []
    prepare(folder, on_progress=lambda *event: told.append(event))
    assert told[-1][1] <= told[-1][2]
    reading = [event for event in told if event[0] == "reading"]
    assert reading[-1][1] == reading[-1][2] == sum(p.stat().st_size for p in folder.iterdir())
    assert {stage for stage, _, _ in told} >= {"reading", "comparing"}


# What is dropped, and counted


def test_duplicates(folder):
    (folder / "x-copy.txt").write_text(song(1).upper())
    (folder / "x-near.txt").write_text(song(2) + "\nand one more line")
    corpus = prepare(folder)
    assert corpus.report.dropped() == {"duplicate": 1, "near-duplicate": 1}
    assert "x near" in titles(corpus)  # the longer one stays
    assert "song 2" not in titles(corpus)
    kept = prepare(folder, options=PrepareOptions(keep_duplicates=True))
    assert len(kept) == 8


def test_duplicates_and_related_songs_share_a_side(folder):
    for n in range(40):
        (folder / f"take-{n}.txt").write_text(song(100 + n // 4, 8) + "\n" + song(1000 + n, 2))
    for options in (PrepareOptions(keep_duplicates=True, seed=s, valid_share=0.3, test_share=0.3) for s in range(4)):
        corpus = prepare(folder, options=options)
        side = {s.title: split for split, s in corpus.split_songs()}
        assert len(side) == 46
        for first in range(0, 40, 4):
            assert len({side[f"take {n}"] for n in range(first, first + 4)}) == 1


def test_too_short_and_no_lyrics(folder):
    (folder / "short.txt").write_text("only four words here")
    (folder / "none.txt").write_text("[Instrumental]\n\n")
    (folder / "empty.txt").write_text("")
    dropped = prepare(folder).report.dropped()
    assert dropped == {"too short": 1, "no lyrics": 1, "empty": 1}
    assert len(prepare(folder, options=PrepareOptions(min_words=4))) == 7


def test_not_english(folder):
    pytest.importorskip("py3langid")
    german = "Am Brunnen vor dem Tore da steht ein Lindenbaum, ich träumt in seinem Schatten so manchen süßen Traum"
    (folder / "linde.txt").write_text(f"{german}\nIch schnitt in seine Rinde so manches liebe Wort")
    (folder / "kurz.txt").write_text(
        "Guten Abend, gute Nacht, mit Rosen bedacht, schlaf"
    )  # under 20 words: not judged
    corpus = prepare(folder, options=PrepareOptions(english_only=True))
    assert corpus.report.dropped() == {"not English": 1}
    assert "kurz" in titles(corpus)


@pytest.mark.skipif(os.name == "nt", reason="needs links and pipes")
def test_bad_files_among_good_ones_are_reported(folder):
    (folder / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (folder / "broken.json").write_text("[{")
    (folder / "numbers.csv").write_text("1,2\n3,4\n")
    (folder / "README.md").write_text("these words describe the folder and are no song at all")
    (folder / ".hidden.txt").write_text(song(50))
    (folder / "gone.txt").symlink_to(folder / "nowhere")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    corpus = prepare(folder)
    assert len(corpus) == 6
    assert corpus.report.dropped() == {"unreadable": 5, "no lyrics": 1}
    examples = [example for row in corpus.report.sources for _, example in row.dropped.values()]
    assert any("songs/broken.json: not valid JSON" in example for example in examples)
    assert "songs/*.txt" in str(corpus.report)
    assert corpus.report.rows()[0] == ("source", "kind", "read", "kept", "dropped")
    assert [len(row) for row in corpus.report.rows()] == [5] * len(corpus.report.rows())


def test_too_long_a_line_is_counted(folder):
    (folder / "long.txt").write_text(song(60) + "\n" + "la " * 1000)
    assert prepare(folder).report.dropped() == {"too long a line": 1}


def test_the_report_survives_on_disk(folder, tmp_path):
    (folder / "short.txt").write_text("too short")
    made = prepare(folder, tmp_path / "c")
    assert str(open_corpus(tmp_path / "c").report) == str(made.report)
    assert '1 too short ("short")' in str(made.report)


# Splits


def test_a_split_has_no_empty_side(folder):
    assert [len(list(prepare(folder).songs(s))) for s in ("train", "valid", "test")] == [4, 1, 1]
    none = prepare(folder, options=PrepareOptions(valid_share=0, test_share=0))
    assert len(list(none.songs("train"))) == 6


def test_the_split_does_not_depend_on_order(folder, tmp_path):
    texts = [p.read_text() for p in sorted(folder.iterdir())]
    sides = [
        {s.text(): split for split, s in prepare(texts=order).split_songs()}
        for order in (texts, texts[::-1], texts[3:] + texts[:3])
    ]
    assert sides[0] == sides[1] == sides[2]


def test_versions_of_one_song_are_split_with_a_note(tmp_path):
    path = tmp_path / "a.jsonl"
    versions = [song(1, 8) + "\n" + song(10 + n, 4) for n in range(4)]
    path.write_text("\n".join(json.dumps({"lyrics": v}) for v in versions))
    corpus = prepare(path)
    assert [len(list(corpus.songs(s))) for s in ("train", "valid", "test")] == [2, 1, 1]
    assert any("related" in note for note in corpus.report.notes)


# as_is


def test_as_is_benchmark_files(tmp_path):
    for name, text in {
        "ptb.train.txt": " aer banknote <unk> N \n mr. <unk> is \n",
        "ptb.valid.txt": " consumers may want N \n",
        "ptb.test.txt": " no it was n't \n no it was n't \n",
    }.items():
        (tmp_path / name).write_text(text)
    corpus = prepare(
        [tmp_path / f"ptb.{s}.txt" for s in ("train", "valid", "test")], options=PrepareOptions(as_is=True)
    )
    assert {
        split: [[line.text for line in s.lines()] for s in corpus.songs(split)]
        for split in ("train", "valid", "test")
    } == {
        "train": [[" aer banknote <unk> N ", " mr. <unk> is "]],
        "valid": [[" consumers may want N "]],
        "test": [[" no it was n't ", " no it was n't "]],
    }


def test_as_is_keeps_repeated_blocks_of_a_benchmark_and_their_order(tmp_path):
    blocks = [f"{n % 3} block\nline" for n in range(9)]
    (tmp_path / "wiki.train.tokens").write_text("\n \n".join(blocks))
    (tmp_path / "other.txt").write_text("\n\n".join(blocks))
    options = PrepareOptions(as_is=True)
    named = prepare(tmp_path / "wiki.train.tokens", options=options)
    assert [s.sections[0].lines[0].text for s in named.songs("train")] == [b.split("\n")[0] for b in blocks]
    assert len(prepare(tmp_path / "other.txt", options=options)) == 3  # exact duplicates go


def test_as_is_takes_one_song(tmp_path):
    (tmp_path / "book.txt").write_text("one\ntwo")
    assert len(prepare(tmp_path / "book.txt", options=PrepareOptions(as_is=True))) == 1


# Bad input, in one clear line each


@pytest.mark.parametrize("out", [None, "made"])
def test_too_little_to_split(tmp_path, out):
    path = tmp_path / "one.txt"
    path.write_text(song(1))
    place = tmp_path / out if out else None
    with pytest.raises(InputError, match=r"one song only: at least 3 are needed to split"):
        prepare(path, place)
    with pytest.raises(InputError, match="2 songs only"):
        prepare(texts=[song(1), song(2)])
    assert [p.name for p in tmp_path.iterdir()] == ["one.txt"]


def test_all_duplicates_of_one(folder):
    for path in folder.iterdir():
        path.write_text(song(1))
    with pytest.raises(InputError, match=r'one song only \(dropped: 5 duplicate \("song 1"\)\)'):
        prepare(folder)


def test_nothing_usable(tmp_path):
    (tmp_path / "songs").mkdir()
    with pytest.raises(InputError, match=r"nothing usable in .*songs \(no songs found\)"):
        prepare(tmp_path / "songs")
    (tmp_path / "songs" / "a.txt").write_text("too short")
    (tmp_path / "songs" / "b.bin").write_bytes(bytes(100))
    with pytest.raises(InputError, match=r"dropped: 1 too short .*1 unreadable"):
        prepare(tmp_path / "songs")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("missing.txt", None, "no such file or folder"),
        ("a.txt", bytes(range(256)), "binary data, not text"),
        ("a.pdf", b"%PDF-1.7", "a PDF, not text"),
        ("a.csv", b"id,title,artist\n1,x,y\n", "no lyrics column among id, title, artist"),
        ("a.json", b"{", "not valid JSON"),
    ],
)
def test_a_named_file_that_cannot_be_read(folder, tmp_path, name, data, message):
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        prepare([path] if data else [folder, path], tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
    if data is not None:  # beside others it is reported
        report = prepare([folder, path]).report
        assert message in report.total()["unreadable"][1]


def test_an_existing_target(folder, tmp_path):
    out = tmp_path / "c"
    prepare(folder, out)
    with pytest.raises(InputError, match="exists: use --force"):
        prepare(folder, out)
    (folder / "new.txt").write_text(song(77))
    (out / "tokens").mkdir()
    assert len(prepare(folder, out, force=True)) == 7
    assert not (out / "tokens").exists()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("mine")
    with pytest.raises(InputError, match="not a corpus"):
        prepare(folder, tmp_path / "notes", force=True)
    with pytest.raises(InputError, match="not a corpus"):
        prepare(folder, folder / "new.txt", force=True)
    assert (tmp_path / "notes" / "diary.txt").read_text() == "mine"
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_failed_force_leaves_the_old_corpus(folder, tmp_path):
    old = prepare(folder, tmp_path / "c").fingerprint
    with pytest.raises(InputError):
        prepare(tmp_path / "missing", tmp_path / "c", force=True)
    assert open_corpus(tmp_path / "c").fingerprint == old


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_nothing_is_left_behind(folder, tmp_path, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(importlib.import_module("lyricist.corpus.pipeline"), "describe", fail)
    expected = InputError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        prepare(folder, tmp_path / "new" / "deep" / "c")
    assert [p.name for p in tmp_path.iterdir()] == ["songs"]


def test_a_full_disk(folder, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    if os.geteuid() != 0 or not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs root and mount for a tiny file system of its own")
    try:
        (folder / "big.jsonl").write_text("\n".join(json.dumps({"lyrics": song(n)}) for n in range(500)))
        with pytest.raises(InputError, match="the disk is full"):
            prepare(folder, small / "c")
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.parametrize("place", ["songs/song-0.txt/c", "/proc/lyricist-corpus"])
def test_a_target_that_cannot_be_written(folder, tmp_path, place):
    with pytest.raises(InputError, match="cannot be written"):
        prepare(folder, tmp_path / place)


def test_missing_packages(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "rensa", None)
    with pytest.raises(MissingExtra, match=r"lyricist\[train\]"):
        prepare(folder)
    assert len(prepare(folder, options=PrepareOptions(near_duplicate=None, related=None))) == 6
    monkeypatch.setitem(__import__("sys").modules, "py3langid", None)
    with pytest.raises(MissingExtra, match="english_only"):
        prepare(folder, options=PrepareOptions(near_duplicate=None, related=None, english_only=True))


# Opening


def test_open_foreign_and_damaged(folder, tmp_path):
    with pytest.raises(InputError, match="no such corpus"):
        open_corpus(tmp_path / "nowhere")
    with pytest.raises(InputError, match="not a corpus"):
        open_corpus(folder)
    assert not is_corpus(folder)
    out = tmp_path / "c"
    prepare(folder, out)
    assert is_corpus(out)
    info = (out / "corpus.json").read_text()
    for damage, message in [
        (info.replace('"format": 1', '"format": 2'), "newer"),
        (info[:40], "damaged"),
        ("[]", "damaged"),
        ('{"format": 1}', "damaged"),
        (info.replace('"songs": 6', '"songs": 7', 1), "damaged"),
    ]:
        (out / "corpus.json").write_text(damage)
        with pytest.raises(InputError, match=message):
            open_corpus(out)
    (out / "corpus.json").write_text(info)
    data = (out / "songs.jsonl").read_bytes()
    (out / "songs.jsonl").write_bytes(data[:-5])
    with pytest.raises(InputError, match="damaged"):
        open_corpus(out)
    (out / "songs.jsonl").write_bytes(b"x" * len(data))
    with pytest.raises(InputError, match="damaged"):
        list(open_corpus(out).songs())
    (out / "songs.jsonl").write_bytes(data)
    (out / "offsets.npy").unlink()
    with pytest.raises(InputError, match="damaged"):
        open_corpus(out)


def test_a_corpus_is_a_source_and_is_not_walked_into(folder, tmp_path):
    inside = prepare(folder, folder / "corpus")
    assert sorted(titles(prepare(folder / "corpus"))) == titles(inside)
    again = prepare(folder)
    assert (len(again), again.report.dropped()) == (6, {"a prepared corpus": 1})


def test_importing_is_light():
    code = "import sys, lyricist.corpus; print([m for m in ('pandas', 'rensa', 'py3langid', 'ftfy') if m in sys.modules])"
    shown = subprocess.run([__import__("sys").executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_prepare_is_exported_as_a_function():
    assert callable(prepare_function)
    assert isinstance(prepare(texts=[song(n) for n in range(3)]), Corpus)


SURROGATE, DEEP = r"\ud800", 900
ONE_LINE = "the river ran below the town and carried all the houses down"
HOSTILE = {
    "infinite.json": '[{"lyrics": 1e999}]',
    "infinite_time.json": '[{"sections": [{"name": "verse", "lines": [{"text": "rain", "time": 1e999}]}]}]',
    "infinite_offset.json": '[{"sections": [{"name": "verse", "lines": [{"text": "rain", "chords": [[1e999, "A"]]}]}]}]',
    "half.json": f'[{{"lyrics": "{SURROGATE} {ONE_LINE}", "title": "{SURROGATE}"}}]',
    "half.jsonl": f'{{"title": "{SURROGATE}", "sections": [{{"name": "verse", "lines": ["{SURROGATE} {ONE_LINE}"]}}]}}',
    "half_key.json": f'[{{"{SURROGATE}": 1}}]',
    "deep.json": '{"lyrics": ' + "[" * 100_000 + "]" * 100_000 + "}",
    "deep_list.json": '{"lyrics": ' + "[" * DEEP + '"a"' + "]" * DEEP + "}",
    "deep_object.jsonl": '{"lyrics": ' + '{"name": ' * DEEP + '"a"' + "}" * DEEP + "}",
    "digits.json": '[{"lyrics": ' + "9" * 5_000 + "}]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_one_bad_file_never_ends_the_rest(folder, tmp_path, name):
    (folder / name).write_text(HOSTILE[name])
    corpus = prepare(folder, tmp_path / "out")
    dropped = corpus.report.total()
    assert set(titles(corpus)) >= {f"song {n}" for n in range(6)}
    assert len(corpus) == 7 or set(dropped) & {"unreadable", "too short", "no lyrics"}
    assert all(line.text.encode() for song in corpus.songs() for line in song.lines())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_no_utf_8(folder, tmp_path):
    inside = os.fsencode(folder) + b"/caf\xe9"
    os.mkdir(inside)
    with open(inside + b"/se\xe9l.txt", "w") as file:
        file.write(ONE_LINE)
    corpus = prepare([folder, os.fsdecode(inside + b"/se\xe9l.txt")], tmp_path / "out")
    assert "\N{REPLACEMENT CHARACTER}" in "".join(song.source for song in corpus.songs())


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="other systems have no modes")
@pytest.mark.parametrize("mode", [0o300, 0o600, 0])
def test_folders_that_cannot_be_read(folder, tmp_path, mode):
    inside = folder / "closed"
    (inside / "deeper").mkdir(parents=True)
    (inside / "song.txt").write_text(ONE_LINE)
    inside.chmod(mode)
    try:
        corpus = prepare(folder, tmp_path / "out")
        assert "unreadable" in corpus.report.total() or os.geteuid() == 0
    finally:
        inside.chmod(0o700)
