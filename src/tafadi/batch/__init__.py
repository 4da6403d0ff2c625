"""Batch work over recordings; its rooms are furnished with the engine's deepening (tafadi scan)."""
