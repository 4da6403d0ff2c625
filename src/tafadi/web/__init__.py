"""The doors that programs use: the peers' port and the node's own control socket."""
