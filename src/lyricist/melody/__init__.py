"""Tunes: files of notes read into phrases of slots, and songs written under their tunes as scores.

`read` turns files into scores and tunes, `export` writes tunes with words; the modules here find the sung line, its
slots, its phrases and its form. This room may use `prosody` and `errors`, and knows no corpus, plan, model or command
line.
"""
