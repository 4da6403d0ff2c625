"""The demonstration: two nodes as two processes, and a written story that walks through the whole mechanism."""
