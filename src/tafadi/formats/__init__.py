"""Formats: bytes in, nouns out, and back. One format, one file; no sockets and no files are opened here."""
