"""The notebook's recipe: word vectors in, 18 features of the melody beside each, a vector out, a near word drawn.

What lives here is that recipe alone, as docs/classic.md tells it; how runs are kept, trained, shown and called is
shared with the project's own model. Only `training` and `net` know PyTorch, only `vectors` knows gensim; writing and
judging need neither.
"""
