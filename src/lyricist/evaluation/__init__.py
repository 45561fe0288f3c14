"""What songs and runs are worth: metrics, the check of any text against a plan, copies, rhymes, the fit to a tune.

Each module validates its input and returns plain results. Nothing here changes a run or prints.
"""
