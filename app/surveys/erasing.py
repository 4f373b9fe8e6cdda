"""Taking away for good what was asked and answered about erased tickets."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete

from app.kernel.database.transaction import Tx
from app.surveys.tables import SurveyInvite, SurveyResponse


def erase_surveys(tx: Tx, tickets: Sequence[UUID]) -> None:
    """Erase the invitations and answers of tickets. Who asked not to be asked again stays unasked."""
    changes = [("survey", key) for key in tickets]
    for table in (SurveyResponse, SurveyInvite):
        tx.execute(delete(table).where(table.ticket.in_(tickets)), execution_options={"changes": changes})
