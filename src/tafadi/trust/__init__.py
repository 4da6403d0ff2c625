"""Trust: signatures, logs, receipts and the evidence when they contradict each other. Bytes in, values out; no I/O, no clock, no chance."""
