"""The sheet that asks what of a ticket goes on paper, and where the paper comes out: a PDF file or a printer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtWidgets import QFileDialog

from app.desk.viewing.reading import MailReader
from app.kernel.errors import UserError
from app.mime.files.names import file_name
from ui.pages.inbox.printing.paper import Paper, Wanted, document_of, paper_of, pdf_of, usual_size
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.overlay import Dialog
from ui.widgets.toggle import CheckBox

if TYPE_CHECKING:
    from ui.pages import Context


class PrintSheet(Dialog):
    """What goes along, and the two ways out."""

    def __init__(self, context: Context, reader: MailReader, ticket: UUID, number: int, subject: str) -> None:
        super().__init__(tr("Print #{number}", number=number), width=440)
        self._context, self._reader, self._ticket = context, reader, ticket
        words = re.sub(r"[\\/]+", "-", f"{number} {subject}")[:80].strip(" .")
        self._name = f"{file_name(words, '', '1')}.pdf"
        self.notes = CheckBox(tr("Internal notes"))  # what is printed may go to the customer
        self.history = CheckBox(tr("History of changes"))
        self.save = Button(tr("Save as PDF…"), "primary", clicked=self._ask_file)
        self.add(
            Label(
                tr("All messages of the ticket, oldest first, with their pictures and the names of their files."),
                "small",
                wrap=True,
            ),
            self.notes,
            self.history,
        )
        self.set_foot(Button(tr("Print…"), clicked=self._print), self.save)

    @property
    def wanted(self) -> Wanted:
        """What is ticked."""
        return Wanted(self.notes.isChecked(), self.history.isChecked())

    def _ask_file(self) -> None:
        dialog = QFileDialog(self.window(), tr("Save as PDF"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter("PDF (*.pdf)")
        dialog.setDefaultSuffix("pdf")
        dialog.selectFile(self._name)
        dialog.fileSelected.connect(lambda path: self.write(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def write(self, target: Path) -> None:
        """Write the PDF to `target`; an existing file was agreed to in the dialog."""
        desk, reader, ticket, wanted = self._context.desk, self._reader, self._ticket, self.wanted

        def work() -> Path:
            data = pdf_of(paper_of(desk, reader, ticket, wanted))
            try:
                target.write_bytes(data)
            except OSError as error:
                msg = tr("{path} cannot be written ({reason}).", path=str(target), reason=str(error.strerror))
                raise UserError(msg) from error
            return target

        said = self._context.toasts.say
        self.close_dialog()
        self._context.tasks.run(
            work, then=lambda path: said(tr("Saved as {path}", path=str(path))), owner=self._context.overlay
        )

    def _print(self) -> None:
        desk, reader, ticket, wanted = self._context.desk, self._reader, self._ticket, self.wanted
        context = self._context
        self.close_dialog()
        context.tasks.run(
            lambda: paper_of(desk, reader, ticket, wanted),
            then=lambda paper: _to_printer(context, paper),
            owner=context.overlay,
        )


def _to_printer(context: Context, paper: Paper) -> None:
    # Loaded when somebody prints: a start of the window does without.
    from PySide6.QtGui import QPageSize
    from PySide6.QtPrintSupport import QPrintDialog, QPrinter

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setDocName(paper.title)
    printer.setPageSize(QPageSize(usual_size()))
    dialog = QPrintDialog(printer, context.overlay.window())
    dialog.accepted.connect(lambda: document_of(paper).print_(printer))
    dialog.finished.connect(dialog.deleteLater)
    dialog.setModal(True)
    dialog.show()


def ask_print(context: Context, reader: MailReader, ticket: UUID, number: int, subject: str) -> None:
    """Open the sheet."""
    sheet = PrintSheet(context, reader, ticket, number, subject)
    context.overlay.open(sheet, focus=sheet.save)
