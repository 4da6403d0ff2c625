"""Casework: the conversations about a thing, as transition tables."""
