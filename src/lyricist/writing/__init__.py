"""Writing: what is asked (plan.py), what is allowed (automaton.py), what stands in the songs already
(copying.py), how to draw (decode.py). Needs a step model and no deep-learning framework; may not
import anything of training."""
