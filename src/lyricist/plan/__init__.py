"""What is asked of a song: `Plan`, and its one resolution into a `SongSpec` (`resolve`).

Plans are read from options, TOML files, songs, drafts and tunes. Nothing here knows a model or its vocabulary, and
nothing chooses words.
"""
