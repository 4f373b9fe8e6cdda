"""The sheet in which a customer's name, company and language are changed, and an address is added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from PySide6.QtCore import QLocale

from app.people.queries import CustomerProfile, OrganisationInfo
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import FieldBlock, Select, TextField
from ui.widgets.overlay import Dialog

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "no", "fi", "cs", "tr", "ja", "ko", "zh")


def language_name(code: str) -> str:
    """What a language is called, in the person's own; an unknown code stays as it is."""
    language = QLocale(code.replace("-", "_")).language() if code else QLocale.Language.C
    return code if language is QLocale.Language.C else QLocale.languageToString(language)


class EditDialog(Dialog):
    """Name, organisation, language, a further address. `save(fields, address)` is called with what changed."""

    def __init__(self, profile: CustomerProfile, organisations: Sequence[OrganisationInfo], save: Any) -> None:
        super().__init__(tr("Edit customer"), width=440)
        self._profile, self._save = profile, save
        self.name = TextField(profile.name, placeholder=profile.address, name=tr("Name"))
        companies = [("", tr("None")), *((str(one.id), one.name) for one in organisations)]
        if profile.organisation is not None and str(profile.organisation) not in dict(companies):
            companies.append((str(profile.organisation), profile.organisation_name))
        current = str(profile.organisation) if profile.organisation else ""
        self.company = Select(companies, name=tr("Organisation"))
        self.company.choose(current)
        codes = sorted({*LANGUAGES, profile.language} - {""}, key=language_name)
        spoken = [("", tr("Not known")), *((code, language_name(code)) for code in codes)]
        self.language = Select(spoken, name=tr("Language"))
        self.language.choose(profile.language)
        self.address = TextField("", placeholder=tr("name@example.com"), name=tr("Further address"))
        self.add(
            FieldBlock(tr("Name"), self.name),
            FieldBlock(tr("Organisation"), self.company),
            FieldBlock(tr("Language"), self.language, hint=tr("Surveys are sent in this language where there is one.")),
            FieldBlock(tr("Further address"), self.address, hint=tr("Mail from there belongs to this customer, too.")),
        )
        cancel = Button(tr("Cancel"), clicked=self.close_dialog)
        self.set_foot(cancel, Button(tr("Save"), "primary", clicked=self._done))

    def changed(self) -> dict[str, Any]:
        """The fields that are not as they were."""
        company = self.company.current()
        wanted = {
            "name": " ".join(self.name.text().split()),
            "organisation": UUID(company) if company else None,
            "language": self.language.current(),
        }
        return {field: value for field, value in wanted.items() if value != getattr(self._profile, field)}

    def _done(self) -> None:
        fields, address = self.changed(), self.address.text().strip()
        self.close_dialog()
        if fields or address:
            self._save(fields, address)
