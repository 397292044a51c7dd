"""Sharing 信息共享: statutory entries, data sets, grants, purpose-bound queries, consultations.

It will own rows A10, A11, B17, B18 and G1 to G3 of the domain reference and listen to `EntryOwed`
of `xianjie.cases`. Nothing of it runs yet; the events that it will act on are said already.
"""
