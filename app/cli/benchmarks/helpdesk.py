"""The peer for mail into tickets: django-helpdesk's own `get_email`, on a fresh project with SQLite.

Nothing of it comes with Deskbell. DESKBELL_BENCH_DJANGO_HELPDESK names a Python that has it installed. It deletes what
it has read from the mailbox; mail that it would send goes nowhere, which costs it nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.kernel.errors import UserError

VARIABLE = "DESKBELL_BENCH_DJANGO_HELPDESK"
_URLS = """\
from django.urls import include, path

urlpatterns = [path("helpdesk/", include("helpdesk.urls", namespace="helpdesk"))]
"""
_SETTINGS = """\
SECRET_KEY, DEBUG, ALLOWED_HOSTS, USE_TZ, SITE_ID, ROOT_URLCONF = "x" * 50, False, ["*"], True, 1, "desk.urls"
INSTALLED_APPS = ["django.contrib." + name for name in (
    "auth", "contenttypes", "sessions", "sites", "messages", "staticfiles", "admin", "humanize")]
INSTALLED_APPS += ["rest_framework", "helpdesk", "django_cleanup.apps.CleanupConfig"]
MIDDLEWARE = ["django.contrib." + name for name in (
    "sessions.middleware.SessionMiddleware", "auth.middleware.AuthenticationMiddleware",
    "messages.middleware.MessageMiddleware")]
TEMPLATES = [{{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {{
    "context_processors": ["django.contrib.auth.context_processors.auth",
    "django.template.context_processors.request", "django.contrib.messages.context_processors.messages"]}}}}]
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": {folder!r} + "/desk.sqlite3", "OPTIONS": {{
    "init_command": "PRAGMA journal_mode=wal; PRAGMA synchronous=NORMAL;"}}}}}}
DEFAULT_AUTO_FIELD, STATIC_URL, LOGIN_URL = "django.db.models.AutoField", "/static/", "/login"
MEDIA_ROOT, MEDIA_URL = {folder!r} + "/files", "/files/"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
HELPDESK_USER_SETTINGS_EDITABLE = HELPDESK_TEAMS_MODE_ENABLED = QUEUE_EMAIL_BOX_UPDATE_ONLY = False
"""
_QUEUE = """\
import django; django.setup()
from django.contrib.sites.models import Site
from helpdesk.models import Queue
Site.objects.update_or_create(id=1, defaults={{"domain": "desk.example", "name": "desk"}})
Queue.objects.create(title="Support", slug="support", email_address="support@desk.example",
    allow_email_submission=True, email_box_type="imap", email_box_host="127.0.0.1", email_box_port={port},
    email_box_ssl=False, email_box_user={user!r}, email_box_pass={password!r}, email_box_imap_folder="INBOX",
    email_box_interval=0, logging_type="none")
"""
_COUNT = "import django; django.setup(); from helpdesk.models import FollowUp; print(FollowUp.objects.count())"


@dataclass(frozen=True, slots=True)
class Helpdesk:
    """A fresh installation on one mailbox."""

    folder: Path
    python: str

    @classmethod
    def on(cls, folder: Path, port: int, account: Any) -> Helpdesk | None:
        """Set one up; None where the environment names no Python for it."""
        python = os.environ.get(VARIABLE, "")
        if not python:
            return None
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "desk").mkdir(parents=True)
        (folder / "desk" / "__init__.py").touch()
        (folder / "desk" / "urls.py").write_text(_URLS)
        (folder / "desk" / "settings.py").write_text(_SETTINGS.format(folder=str(folder)))
        made = cls(folder, python)
        made._run("-m", "django", "migrate", "-v0")
        made._run("-c", _QUEUE.format(port=port, user=account.user, password=account.password))
        return made

    def command(self) -> list[str]:
        """Its reading of the mailbox."""
        return [self.python, "-m", "django", "get_email", "--quiet"]

    def surroundings(self) -> dict[str, str]:
        """The environment for it."""
        return os.environ | {"DJANGO_SETTINGS_MODULE": "desk.settings", "PYTHONPATH": str(self.folder)}

    def count(self) -> int:
        """How many mails have become part of tickets."""
        return int(self._run("-c", _COUNT).split()[-1])

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [self.python, *words], cwd=self.folder, env=self.surroundings(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            msg = f"django-helpdesk ({VARIABLE}) failed: {done.stderr[-400:]}"
            raise UserError(msg)
        return done.stdout
