"""The library: the engine for analysts. It takes nouns, files and frames of any maker, and gives nouns and frames back.

Everything here is meant to be used as `import tafadi`; docs/library.md is the tour.
"""
