"""From a `SongSpec` and a step model to songs: constraints, sampling, the engine, the choice among drafts.

`writer.load` opens a run; `decode` runs any step model. Needs NumPy and ONNX Runtime only. Nothing here trains, and
nothing reads a `Plan` once it is resolved.
"""
