"""Nouns of the field: frozen, validated, without verbs and without I/O."""
