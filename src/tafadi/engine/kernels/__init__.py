"""Kernels: one algorithm a file, numbers only. They trust their input; `pack.py` is the gate that checks it."""
