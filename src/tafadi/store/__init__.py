"""Stores: where the record lies. The feeds are truth; everything else here can be made again from them."""
