"""The network: this node as a client of the others."""
