"""The doctor's examinations, each of one thing. Nothing that it does changes the node, its record or what others know of it."""
