"""Plans of every kind, for the laws they all obey."""

from __future__ import annotations

from lyricist.corpus.tokenizer import WordTokenizer
from lyricist.plan.fields import SectionPlan
from lyricist.plan.plan import Plan

split = WordTokenizer().split

PLANS: dict[str, Plan] = {
    "common metre": Plan(syllables=(8, 6), metre="iambic", rhyme="ABAB"),
    "near": Plan(rhyme="AABB", rhyme_kind="near", rhyme_with="love", syllables=7),
    "theme": Plan(about="river, night", include="don't, na-na", avoid="love"),
    "limerick": Plan(form="verse", rhyme="AABBA", metre=("x/xx/xx/", "x/xx/xx/", "x/xx/", "x/xx/", "x/xx/xx/")),
    "long verses": Plan(form="verse verse", lines=9, rhyme="ABAB"),
    "no chorus kept": Plan(form="chorus chorus", rhyme="AA XX", keep_chorus=False),
    "acrostic": Plan(acrostic="RIVERS", start="rain"),
    "refrain": Plan(refrain='Carry me, "river", home \N{EM DASH} o\'er'),
    "refrain without a chorus": Plan(form="verse verse", refrain="Carry me home", rhyme="AA", allow=True),
    "everything": Plan(
        form="intro verse chorus verse chorus bridge chorus outro", lines=(2, 4, 4, 4, 4, 3, 4, 1), syllables=(7, 5),
        metre=("trochaic", "?????"), rhyme=("XX", "ABAB", "AABB", "ABAB", "AABB", "AAA", "AABB", "X"),
        rhyme_kind="near", rhyme_with="day", about="sea", include="salt", avoid="sugar", clean=False, start="oh",
        acrostic="OH", refrain="Over the water", title='Say "sea" \\ C:\\', max_copy=0, allow=True,
    ),
    "draft": Plan(
        include="light",
        sections=(
            SectionPlan(name="verse", text=("The river ran below the town", "", "I called your name", "...")),
            SectionPlan(name="chorus", lines=2, syllables=6, metre="x/x/x/", rhyme="AA"),
            SectionPlan(name="verse", lines=4, rhyme="ABBA"),
            SectionPlan(name="chorus"),
        ),
    ),
    "draft with a theme": Plan(about="sea", sections=[{"name": "verse", "text": ["Blue", ""]}, {"name": "bridge"}]),
    "draft in metre": Plan(
        syllables="8,6", rhyme="ABAB", sections=[{"name": "verse", "text": ["The river ran below the town"], "lines": 4}]
    ),
    "chorus filled in later": Plan(
        sections=[{"name": "chorus", "text": ["", "Oh river"]}, {"name": "chorus", "text": ["Oh sea", "..."]}]
    ),
    "ranges": Plan(syllables="6-10, 7", metre="iambic", rhyme="ABAB", sections=[{"name": "verse", "syllables": "5-6"}]),
    "a voice": Plan(person="he", tense="past", about="losing my brother's boat last year"),
    "sections with themes": Plan(
        about="winter", sections=[{"name": "verse", "lines": 2, "about": "a letter"}, {"name": "verse", "lines": 2}]
    ),
    "a named form": Plan(form="villanelle", person="they"),
    "a named form with lines": Plan(form="haiku", sections=[{"name": "verse", "text": ["", "Snow on the water"]}], allow=True),
    "accents": Plan(about="café", refrain="Déjà vu, naïve", title="Ñandú \N{SNOWMAN}"),
    "free": Plan(form="verse chorus", lines=(4, 2), start="nobody", title="Rain"),
    "nothing": Plan(),
}  # fmt: skip
