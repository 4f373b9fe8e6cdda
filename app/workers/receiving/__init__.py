"""Receiving mail: from a mailbox's folders to ledger lines and bytes, and from there into tickets."""
