"""Clauses as checks: what the agreement asks, computed from entries."""
