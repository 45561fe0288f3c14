"""Tables of what lyrics files hold besides lyrics: section labels, header lines, debris, credits, chords.

Each function is about one stripped line; `structure.py` combines the answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lyricist.corpus.clean_text import MAX_LINE
from lyricist.corpus.song import Line

SYNONYMS = {  # section name -> what sources call it: English, German, French, Spanish, Italian, Portuguese
    "verse": "verse vers strophe strofe couplet stanza estrofa verso strofa part teil parte rap",
    "chorus": "chorus coro ritornello refrán estribillo cho kehrvers",
    "bridge": "bridge brücke puente pont ponte middle middle_eight middle_8 c-teil c-part mittelteil",
    "prechorus": "pre-chorus pre_chorus prechorus pre-refrain prerefrain pré-refrain pre-coro pre-estribillo "
    "precoro lift build build-up pre-hook",
    "intro": "intro introduction einleitung introducción introduzione introdução",
    "outro": "outro coda ending end_chorus schluss fin final finale tag",
    "refrain": "refrain refrão burden post-chorus postchorus post-refrain",
    "hook": "hook",
    "interlude": "interlude zwischenspiel interludio interlude_musical break breakdown drop skit",
}
NAMES = {word.replace("_", " "): name for name, words in SYNONYMS.items() for word in words.split()}
# Words that are labels even without brackets, number or colon; the others ("Break", "Tag") could be sung.
_PLAIN = """verse strophe couplet estrofa chorus coro estribillo bridge puente pre-chorus prechorus intro
outro refrain interlude zwischenspiel"""
PLAIN_LABELS = frozenset(_PLAIN.split()) | {"pre chorus"}
REPEATABLE = frozenset({"chorus", "prechorus", "refrain", "hook"})  # bare "[Chorus]" means: sing it again

MAX_TIMES = 16  # "(x100)" is a joke, or an attack
TIMES_WORDS = {"twice": 2, "thrice": 3, "repeat": 2, "repeats": 2, "2 times": 2, "3 times": 3, "4 times": 4}
_TIMES = r"[x×*]\s?\d{1,3}|\d{1,3}\s?[x×]|\d{1,3} times|twice|thrice|repeats?"
_NAME = "|".join(re.escape(n).replace(r"\ ", r"[ \-]") for n in sorted(NAMES, key=len, reverse=True))
LABEL = re.compile(
    r"(?P<again>(?:repeat|rpt\.?|sing|wdh\.?)\s+(?:the\s+)?)?"
    rf"(?P<name>{_NAME})"
    r"(?:\s*#?\s*(?P<number>\d{1,2}|[ivx]{1,4}|[a-d]|one|two|three|four|five))?(?![^\W_])"
    rf"(?P<repeat>\s+repeat(?:ed)?)?\s*(?:[(\[]?\s*(?P<times>{_TIMES})\s*[)\]]?)?\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
LINE_TIMES = re.compile(
    rf"\s*[(\[]\s*(?P<a>{_TIMES})\s*[)\]]\s*$|(?:^|\s+)(?P<b>[x×]\s?\d{{1,2}}|\d{{1,2}}[x×])$", re.I
)
BRACKETS = {"[": "]", "(": ")", "<": ">", "{": "}", "*": "*", "=": "=", "-": "-", "#": "#", "_": "_"}

_HEADERS = {  # leading "Title: X" lines; all but title and artist are kept in Song.meta
    "title": "title|song|song title|titel|titre|título",
    "artist": "artist|artists|singer|band|by|performed by|performer|interpret|artiste|artista",
    "year": "year|released|release date",
    "metre": "metre|meter",
    "tempo": "tempo|bpm",
    "found": "source",
}
_META = "album form key capo genre language tuning time tune author composer lyricist date ccli tags"
HEADERS = {word: role for role, words in _HEADERS.items() for word in words.split("|")}
HEADERS |= {word: word for word in _META.split()}
HEADER = re.compile(rf"(?P<key>{'|'.join(sorted(HEADERS, key=len, reverse=True))})\s*[:=]\s*(?P<value>.*)", re.I)

CONTRIBUTORS = re.compile(r"\A\s*\d+ Contributors?(?P<title>.*?) ?Lyrics(?![a-z])", re.IGNORECASE)
EMBED = re.compile(r"\d*Embed(?:Share URLCopyEmbedCopy)?\s*\Z")
ADDRESS = re.compile(r"^.*(?:https?://|www\.).*\n?", re.MULTILINE)
GLUED = re.compile(
    r"^(?:You might also like|Read More|See [^\n]{1,60} Live)$"
    r"|See [^\n]{1,60} LiveGet tickets as low as \$\d+(?:You might also like)?|You might also like(?=\[)",
    re.MULTILINE,
)

_CREDIT = r"(?:lyrics?|words?|text|music|melody|tune|musik|paroles|musique|letra|música)"
_PLAYED = """short long guitar piano sax saxophone organ bass drum harmonica fiddle violin keyboard synth lead
musical instrumental trumpet banjo"""
PLAYED = _PLAYED.split()
DEBRIS = (  # whole lines that are no lyrics: site furniture, credits, stage directions, guitar tablature
    r"embed|translations?|[\W_]+",
    rf"{_CREDIT}(?:\s*(?:and|&|/|,|et|und|y)\s*{_CREDIT})*\s*:.*",
    rf"{_CREDIT}(?:\s*(?:and|&|/|,|et|und|y)\s*{_CREDIT})+\s+(?:by|von|par)\b.*",
    r"(?:produced|mastered|composed|arranged|performed|recorded|published|transcribed|submitted|corrected)"
    r" by\b.*",
    r"(?:written|sung|covered) by\s*:.*",
    r"(?:lyrics|song)\s+(?:licensed|provided|powered|taken|found|from)\b.*",
    r"(?:all rights reserved|used by permission|reprinted by permission|international copyright)\b.*",
    r"(?:copyright\b\s*(?:\(c\)|©|\d|by\b|:|$)|\(c\)\s*\d|©|℗|\(p\)\s*\d).*",
    r"(?:tune|air)\s?[.\-–—]+\s*[\"“'‘].*",
    rf"[(\[*~]*\s*(?:(?:{'|'.join(PLAYED)})\s+)+(?:solo|break|interlude|intro|outro|bridge|fill|riff|fade)\b"
    r"(?:\s*[x×]?\s*\d+)?\s*[)\]*~:]*",
    r"[(\[*~]+\s*(?:solo|spoken|humming|applause|fades? out)\s*[)\]*~:.]+",
    r"[(\[*~]*\s*(?:instrumental|repeat to fade|repeat and fade|n\.?c\.)\s*[)\]*~:.]*",
    r"[EADGBe]\s?[|:][\-\d|hpbsx/\\~() ]{6,}",
)
DEBRIS_LINE = re.compile("|".join(f"(?:{pattern})" for pattern in DEBRIS), re.IGNORECASE)
# "Written by the hand of God" is sung, "Written by John Doe" is not: names are capitalised.
_PERSON = r"(?:[^\W\d_a-z][\w.'\-]*|and|&|/|feat\.?|von|van|de|la)"
CREDIT_LINE = re.compile(
    rf"(?:[Ww]ritten|WRITTEN|Lyrics?|Words|Music|Text|Melody|Tune) (?:[Bb]y|BY) "
    rf"{_PERSON}(?:[\s,]+{_PERSON})*\.?"
)
_LANGUAGES = """english español português deutsch français italiano türkçe polski русский nederlands
svenska 日本語 한국어 中文 العربية עברית ελληνικά українська magyar česky čeština română dansk norsk suomi"""
LANGUAGES = frozenset(_LANGUAGES.split())  # the list of translations on a lyrics page, one language a line

CHORD = re.compile(
    r"\(?[A-G](?:#|b|♯|♭)?(?:maj|min|dim|aug|sus|add|m|M|°|ø|\+|-)?(?:maj|sus|add|[#b]|\d|\+|-|\(|\))*"
    r"(?:/[A-G](?:#|b|♯|♭)?|/\d)?\)?"
)
NO_CHORD = frozenset(
    ("|", "||", "|:", ":|", "-", "%", "/", "//", "N.C.", "NC", "n.c.", "x2", "x3", "x4", "(x2)", "...")
)

# Most lyric lines have none of these signs, beginnings or first words and need no further examination.
SIGNS = re.compile(r"[\[\](){}<>*=#_|:©℗\d]")
BEGINNINGS = re.compile(
    r"[A-G][#b♯♭]?(?:m|maj|min|M|dim|aug|sus|add|[°ø+/\-])*(?:[A-G][#b]?)?(?:\s|$)|(?:Air|AIR|Tune|TUNE)[ .\-–—]|\W+$"
)
_OPENERS = """repeat rpt wdh sing embed translations translation lyrics lyric words word text music melody
tune musik paroles musique letra música produced composed arranged performed recorded published transcribed
submitted corrected mixed mastered written covered song songs sung international copyright all used
reprinted n.c nc % /"""
FIRST_WORDS = (
    {name.split()[0].split("-")[0] for name in NAMES} | {*_OPENERS.split(), *PLAYED} | LANGUAGES | NAMES.keys()
)


def is_plain(line: str) -> bool:
    """True for a line that is certainly lyrics, as nearly all lines are; a fast test."""
    if line.split(None, 1)[0].lower().rstrip(".,-") in FIRST_WORDS or len(line) > MAX_LINE:
        return False
    return SIGNS.search(line) is None and BEGINNINGS.match(line) is None


@dataclass(frozen=True, slots=True)
class Label:
    """A section label as found: `again` for "Repeat chorus", `tail` for lyrics after "Chorus: "."""

    name: str
    text: str
    times: int = 1
    again: bool = False
    tail: str = ""


def read_times(text: str) -> int:
    """How often something is sung.

    >>> read_times("x3"), read_times("2 times"), read_times("twice"), read_times("x999")
    (3, 2, 2, 16)
    """
    digits = re.search(r"\d+", text)
    count = int(digits.group()) if digits else TIMES_WORDS.get(text.lower().strip(), 1)
    return max(1, min(count, MAX_TIMES))


def split_times(line: str) -> tuple[str, int]:
    """A lyric line and how often it is sung.

    >>> split_times("Hey jude (x3)"), split_times("Na na na x2"), split_times("Generation X2000")
    (('Hey jude', 3), ('Na na na', 2), ('Generation X2000', 1))
    """
    found = LINE_TIMES.search(line)
    if found is None:
        return line, 1
    return line[: found.start()].rstrip(" ,"), read_times(found["a"] or found["b"])


def read_label(line: str) -> Label | None:
    """The section label this line is, or None.

    >>> read_label("[Verse 2: Somebody & Another]")
    Label(name='verse', text='Verse 2', times=1, again=False, tail='')
    >>> read_label("(Repeat Chorus x2)")
    Label(name='chorus', text='Chorus', times=2, again=True, tail='')
    >>> read_label("Chorus: Oh the river")
    Label(name='chorus', text='Chorus', times=1, again=False, tail='Oh the river')
    >>> read_label("Bridge over troubled water") is None
    True
    """
    body, bracketed = _unwrap(line)
    found = LABEL.match(body)
    if found is None:
        return None
    name, rest = found["name"], found["rest"].strip()
    word = " ".join(re.split(r"[ \-]", name.lower())) if name.lower() not in NAMES else name.lower()
    number = found["number"] or ""
    text = f"{name} {number}".strip()
    times = read_times(found["times"]) if found["times"] else 1
    again = bool(found["again"] or found["repeat"] or (found["times"] or "").lower().startswith("repeat"))
    tail = ""
    if rest:
        if rest[0] in ":-–—|,(&/+." and bracketed:
            pass  # the singer's name, "(x2)" that is read already, "& Outro"
        elif rest[0] == ":":
            tail = rest[1:].strip()
            inner, counted = split_times(tail)
            if not inner:
                tail, times = "", max(times, counted)
        elif bracketed or rest.strip(".-–— "):
            return None
    if not (bracketed or rest[:1] == ":" or number.isdigit() or again):
        plain = word in PLAIN_LABELS and line[0].isupper()
        return Label(NAMES[word], text, times) if plain else None
    return Label(NAMES[word], text, 1 if again and not found["times"] else times, again, tail)


def label_of(line: str) -> Label | None:
    """`read_label` of a line as it stands, with a fast answer for blank and plain ones."""
    line = " ".join(line.split())
    return read_label(line) if line and len(line) <= MAX_LINE and not is_plain(line) else None


def _unwrap(line: str) -> tuple[str, bool]:
    """The text inside the brackets, stars or rules around a whole line, and whether there were any."""
    body, bracketed = line, False
    while len(body) > 2 and BRACKETS.get(body[0]) == body.rstrip(":")[-1:]:
        body, bracketed = body.rstrip(":")[1:-1].strip(), True
    if not bracketed and line[:1] == "[" and "]" in line and split_times(line)[1] > 1:
        return line.replace("[", "", 1).replace("]", "", 1), True  # "[Chorus] x2"
    return body, bracketed


def is_debris(line: str) -> bool:
    """True for credits, notices, addresses, stage directions, tablature.

    >>> [is_debris(s) for s in ("Words and music: J. Doe", "(c) 1999 Tune Ltd", "Guitar solo")]
    [True, True, True]
    >>> is_debris("Written by Jo Doe"), is_debris("Written by the hand of God")
    (True, False)
    """
    return bool(DEBRIS_LINE.fullmatch(line) or CREDIT_LINE.fullmatch(line)) or line.lower() in LANGUAGES


def read_chords(line: str) -> tuple[tuple[int, str], ...]:
    """The chords of a line of nothing but chords, with their columns; () for any other line.

    >>> read_chords("Am      C/G   N.C.")
    ((0, 'Am'), (8, 'C/G'))
    >>> read_chords("A B C D E F G"), read_chords("Go Dad")
    ((), ())
    """
    chords = []
    for found in TOKEN.finditer(line):
        token = found.group()
        if CHORD.fullmatch(token):
            chords.append((found.start(), token))
        elif token not in NO_CHORD:
            return ()
    spelled = len(chords) > 2 and " ".join(line.split()) in "A B C D E F G"
    return () if spelled else tuple(chords)


TOKEN = re.compile(r"\S+")
INLINE_CHORD = re.compile(r"\[([^\[\]]*)\]")
SPACES = re.compile(r"\s+")


def inline_chords(line: str) -> Line:
    """A line with its chords in brackets, as in ChordPro, as text and chords at their offsets.

    >>> inline_chords("A[G]mazing [C/E]grace")
    Line(text='Amazing grace', chords=((1, 'G'), (8, 'C/E')), time=None, word_times=(), slots=())
    """
    text, chords, done = "", [], 0
    for found in INLINE_CHORD.finditer(line):
        text += following(text, line[done : found.start()])
        done = found.end()
        name = found[1].strip()
        if CHORD.fullmatch(name):
            chords.append((len(text), name))
        elif not name.startswith("*"):  # "[*softly]" is a ChordPro annotation; other brackets are kept
            text += SPACES.sub(" ", found.group())
    text = (text + following(text, line[done:])).rstrip()
    return Line(text, tuple((min(at, len(text)), name) for at, name in chords))


def following(text: str, more: str) -> str:
    """The next piece of a line with single spaces, none at the line's start; a last one stays, as more may follow."""
    more = SPACES.sub(" ", more)
    return more.lstrip() if not text or text.endswith(" ") else more
