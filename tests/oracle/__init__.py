"""The independent judge of exactness: does a written song keep its plan, and which plans must be possible?

What lives here is written a second time and imports nothing of the package: a reader of the CMU dictionary with its
own phonology and word splitter (sound.py), an own expansion of a plan (plan_form.py), the judge of a song (judge.py),
plans read off texts that keep them (world.py, texts.py, witness.py), and plans with one known blocker (blockers.py).
Code that calls the writer may not live here; `benchmarks/exactness.py` does that.
"""
