"""Measures: units, instants, heights and the earth. Numbers with their meaning attached; no nouns of the field."""
