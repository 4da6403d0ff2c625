"""The verbs by what they are about, and the table of them all."""
