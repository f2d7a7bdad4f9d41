"""Every figure in the documents comes from here: `python -m benchmarks --list`.

A benchmark is a module in one of the four folders. Its docstring is its question, and the parameters of its `main` are
its options; one that is named `data` is the folder LANDMARK_DATA.
"""
