"""Tunes: files of notes read into phrases of slots, and words with their tune written out as scores.

What lives here knows notes and how words stand under them, and nothing of models, plans or the command line; it may
use `prosody` and `errors`. `read.py` is the way in, `scores/` the way out.
"""
