"""The sample desk: a small invented shop with some months of work behind it, to look around in without a mailbox.

Nothing of it is written past the program: raw mails are composed, stored, parsed and taken in as if a server had shown
them, replies go through the outbox, and tickets change by the same commands that a person's doing calls. Therefore a
sample desk is also a test of all of them together.
"""

from app.desk.sample.filling import fill
from app.desk.sample.many import MILLION, TEN_THOUSAND, Measure, fill_many
from app.desk.sample.trying import fill_new

__all__ = ["MILLION", "TEN_THOUSAND", "Measure", "fill", "fill_many", "fill_new"]
