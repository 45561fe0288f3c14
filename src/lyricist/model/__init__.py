"""The network and the files of a run: tokens, weights, checkpoints, ONNX graphs, and what is kept beside them.

The network itself needs PyTorch; everything that writing and evaluating use needs NumPy and ONNX Runtime only. What
trains, plans or draws does not live here.
"""
