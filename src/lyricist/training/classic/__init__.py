"""The recipe of the original notebook: word vectors and 18 features of the music in, the next word's vector out.

This folder holds that recipe alone (see docs/classic.md): its features, vectors, network, training and drawing. The
training loop, run directories and the decoder are shared with the project's own model. Only `classic_trainer` imports
PyTorch and only `word_vectors` gensim; writing and evaluating need neither.
"""
