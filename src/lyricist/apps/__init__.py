"""Programs for people: the command line, the studio, sweeps and the exercise.

They use the rooms below and add nothing that a Python user would miss. No other room may import them.
"""
