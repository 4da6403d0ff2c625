"""The desk: the verbs of an officer and of the node itself, between thinking and doing. No sockets and no files here."""
