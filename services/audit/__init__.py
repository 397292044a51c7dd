"""Audit: an independent copy of everything that was said and read, kept by nobody who is audited.

It owns the ledger and says nothing yet. It listens to every topic, events and reads, keeps each
envelope as it came without reading what is in it, and counts what was owed against what was
received. Proofs (Merkle tree, checkpoints, witnesses) are not here yet.
"""
