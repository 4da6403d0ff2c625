"""Batch work over recordings: `scan` finds losses of separation and of well clear in recorded traffic of any size."""

from tafadi.batch.scanning import Progress, Recording, Scanned, Summary, scan

__all__ = ["Progress", "Recording", "Scanned", "Summary", "scan"]
