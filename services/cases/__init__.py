"""Cases: the dossiers of a city's enforcement agencies and the legal procedures that run on them.

It owns cases, their parties, documents by digest, and proceedings. It says every step taken, every
limit that starts, ends or passes, and every notice and entry that the law then demands. It listens
to `notifications` for one thing: that a file has arrived on its receiver's desk. It decides nothing
about wording, channels or readers of a notice.
"""
