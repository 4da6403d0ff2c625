"""Phrases: every sentence that a person is told, in Arabic, Russian and English, from one table and two gettext catalogues."""
