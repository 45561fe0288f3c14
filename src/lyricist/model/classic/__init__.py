"""The classic recipe's files and network step: word vectors, the features of the music, songs under their notes.

What trains such a run is in `training/classic`, what writes from it in `generate/classic_model.py`.
"""
