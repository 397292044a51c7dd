"""Notifications: every notice that the law owes reaches its receiver and is accounted for.

It owns inboxes and the receipts of notices. It says when a notice was delivered, first read and
acknowledged. It listens to `NoticeOwed` of `cases` and holds no table of the law: receiver,
article, due time and receipt wanted all come with the event. Words stay with their owner; a notice
carries identifiers and codes.
"""
