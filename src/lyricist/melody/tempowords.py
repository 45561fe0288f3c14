"""Tempo words to a number, for scores that give none: the usual markings of metronomes and editors."""

from __future__ import annotations

import re

TEMPI = {  # quarters a minute, the middle of what is usual
    "prestissimo": 200,
    "presto": 176,
    "vivacissimo": 172,
    "vivace": 156,
    "allegro": 126,
    "allegretto": 108,
    "moderato": 100,
    "andantino": 84,
    "andante": 76,
    "adagietto": 70,
    "adagio": 64,
    "larghetto": 60,
    "lento": 52,
    "grave": 44,
    "largo": 46,
    "vif": 156,
    "animé": 126,
    "modéré": 100,
    "lent": 52,
    "schnell": 144,
    "lebhaft": 132,
    "bewegt": 112,
    "mäßig": 96,
    "mässig": 96,
    "gehend": 76,
    "ruhig": 66,
    "langsam": 54,
    "fast": 144,
    "lively": 132,
    "brisk": 132,
    "moderately": 100,
    "slowly": 58,
    "slow": 58,
}
WORD = re.compile(r"[^\W\d_]+")
LONGEST = 60  # letters of a marking; what is longer is a remark


def tempo_in_words(text: str) -> float | None:
    """Quarters a minute, by the first tempo word; None without one, and where it only changes what went before.

    >>> tempo_in_words("Allegro ma non troppo"), tempo_in_words("Sehr langsam"), tempo_in_words("più lento")
    (126.0, 54.0, None)
    """
    words = [word.lower() for word in WORD.findall(text[: LONGEST + 1])]
    if len(text) > LONGEST or not words or words[0] in ("poco", "più", "piu", "meno", "etwas", "un"):
        return None
    return next((float(TEMPI[word]) for word in words if word in TEMPI), None)
