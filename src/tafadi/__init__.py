"""Tafadi (تفادي, "avoidance"): deconfliction for parties who share a sky and not a commander."""

__version__ = "0.1.0"
