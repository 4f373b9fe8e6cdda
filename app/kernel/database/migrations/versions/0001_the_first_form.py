"""The first form"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "blob",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "board_column",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("folded", sa.Boolean(), nullable=False),
        sa.Column("picked", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "change",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "device_setting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "draft",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("agent", sa.LargeBinary(16), nullable=True),
        sa.Column("ticket", sa.LargeBinary(16), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("cc", sa.Text(), nullable=False),
        sa.Column("bcc", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("answers", sa.LargeBinary(16), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("draft", schema=None) as batch_op:
        batch_op.create_index("draft_by_ticket", ["ticket", "agent"], unique=False)

    op.create_table(
        "event",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("action", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=True),
        sa.Column("customer", sa.LargeBinary(16), nullable=True),
        sa.Column("agent", sa.LargeBinary(16), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("event_by_action", ["action", "ticket"], unique=False)
        batch_op.create_index(
            "event_by_agent",
            ["agent", "id"],
            unique=False,
            sqlite_where=sa.text("kind = 'did'"),
            postgresql_where=sa.text("kind = 'did'"),
        )
        batch_op.create_index("event_by_ticket", ["ticket", "occurred_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_customer"), ["customer"], unique=False)

    op.create_table(
        "job",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("agent", sa.LargeBinary(16), nullable=True),
        sa.Column("action", sa.LargeBinary(16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_state"), ["state"], unique=False)

    op.create_table(
        "job_keys",
        sa.Column("job", sa.LargeBinary(16), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("job", "place"),
    )
    op.create_table(
        "view",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("sort", sa.Text(), nullable=False),
        sa.Column("ascending", sa.Boolean(), nullable=False),
        sa.Column("group_by", sa.Text(), nullable=False),
        sa.Column("density", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("owner", sa.LargeBinary(16), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "mailbox",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("imap_url", sa.Text(), nullable=False),
        sa.Column("smtp_url", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("secret_ref", sa.Text(), nullable=False),
        sa.Column("secret_version", sa.Integer(), nullable=False),
        sa.Column("imap_pin", sa.Text(), nullable=False),
        sa.Column("smtp_pin", sa.Text(), nullable=False),
        sa.Column("files_sent_itself", sa.Boolean(), nullable=False),
        sa.Column("size_limit", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("plus_addressing", sa.Boolean(), nullable=False),
        sa.Column("ack_on", sa.Boolean(), nullable=False),
        sa.Column("ack_text", sa.Text(), nullable=False),
        sa.Column("history", sa.Text(), nullable=False),
        sa.Column("open_since", sa.BigInteger(), nullable=True),
        sa.Column("connected_at", sa.BigInteger(), nullable=False),
        sa.Column("first_import_done", sa.Boolean(), nullable=False),
        sa.Column("paused_reason", sa.Text(), nullable=False),
        sa.Column("paused_words", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("address"),
    )
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("domain"),
    )
    op.create_table(
        "placement",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("placement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_placement_ticket"), ["ticket"], unique=False)

    op.create_table(
        "search_doc",
        sa.Column("rowid", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=True),
        sa.Column("customer", sa.LargeBinary(16), nullable=True),
        sa.Column("fields", sa.Text(), nullable=True),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rowid"),
        sa.UniqueConstraint("kind", "key"),
    )
    with op.batch_alter_table("search_doc", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_doc_ticket"), ["ticket"], unique=False)

    op.create_table(
        "seen",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("agent", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("seen", schema=None) as batch_op:
        batch_op.create_index("seen_by_ticket", ["ticket", "agent", "at"], unique=False)

    op.create_table(
        "setting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "signal",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("signal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signal_topic"), ["topic"], unique=False)

    op.create_table(
        "suppression",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("suppression", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_suppression_address"), ["address"], unique=False)

    op.create_table(
        "survey_invite",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=False),
        sa.Column("customer", sa.LargeBinary(16), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("message", sa.LargeBinary(16), nullable=True),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256"),
    )
    with op.batch_alter_table("survey_invite", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_invite_customer"), ["customer"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_invite_message"), ["message"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_invite_ticket"), ["ticket"], unique=False)
        batch_op.create_index("survey_invite_by_state", ["state", "due_at"], unique=False)

    op.create_table(
        "survey_response",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("invite", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=False),
        sa.Column("customer", sa.LargeBinary(16), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("from_other_address", sa.Boolean(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("survey_response", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_response_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_response_customer"), ["customer"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_response_invite"), ["invite"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_response_ticket"), ["ticket"], unique=False)

    op.create_table(
        "state",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "field",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "checklist_item",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.LargeBinary(16), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("checklist_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checklist_item_ticket"), ["ticket"], unique=False)

    op.create_table(
        "time_entry",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=False),
        sa.Column("agent", sa.LargeBinary(16), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("time_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_time_entry_ticket"), ["ticket"], unique=False)
        batch_op.create_index(
            "time_entry_running",
            ["agent"],
            unique=False,
            sqlite_where=sa.text("seconds IS NULL AND deleted_at IS NULL"),
            postgresql_where=sa.text("seconds IS NULL AND deleted_at IS NULL"),
        )

    op.create_table(
        "follower",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=False),
        sa.Column("agent", sa.LargeBinary(16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("follower", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follower_agent"), ["agent"], unique=False)
        batch_op.create_index(batch_op.f("ix_follower_ticket"), ["ticket"], unique=False)

    op.create_table(
        "tag",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "ticket_link",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=False),
        sa.Column("other", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message", sa.LargeBinary(16), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("ticket_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_link_other"), ["other"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_link_ticket"), ["ticket"], unique=False)

    op.create_table(
        "ticket_ref",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table("tombstone", sa.Column("id", sa.LargeBinary(16), nullable=False), sa.PrimaryKeyConstraint("id"))
    op.create_table(
        "customer",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("organisation", sa.LargeBinary(16), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("merged_into", sa.LargeBinary(16), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_organisation"), ["organisation"], unique=False)
        batch_op.create_index(
            "customer_merged", ["merged_into"], unique=False, sqlite_where=sa.text("merged_into IS NOT NULL")
        )
        batch_op.create_index(
            "customer_by_name",
            ["name", "id"],
            unique=False,
            sqlite_where=sa.text("merged_into IS NULL AND deleted_at IS NULL"),
        )

    op.create_table(
        "mail_folder",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("is_received", sa.Boolean(), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uidnext", sa.BigInteger(), nullable=True),
        sa.Column("highestmodseq", sa.BigInteger(), nullable=True),
        sa.Column("received_uid", sa.BigInteger(), nullable=False),
        sa.Column("first_uid", sa.BigInteger(), nullable=False),
        sa.Column("server_count", sa.Integer(), nullable=False),
        sa.Column("unaccounted", sa.Integer(), nullable=False),
        sa.Column("listed_at", sa.BigInteger(), nullable=True),
        sa.Column("stuck_uid", sa.BigInteger(), nullable=False),
        sa.Column("stuck_times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox"],
            ["mailbox.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("mailbox", "name"),
    )
    with op.batch_alter_table("mail_folder", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_folder_mailbox"), ["mailbox"], unique=False)

    op.create_table(
        "identity",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("customer", sa.LargeBinary(16), nullable=False),
        sa.Column("dead_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customer.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "handle"),
    )
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identity_customer"), ["customer"], unique=False)

    op.create_table(
        "mail_item",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(16), nullable=False),
        sa.Column("folder", sa.LargeBinary(16), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("blob", sa.LargeBinary(16), nullable=True),
        sa.Column("header_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("internal_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("message", sa.LargeBinary(16), nullable=True),
        sa.Column("ticket", sa.LargeBinary(16), nullable=True),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("own_ref", sa.Text(), nullable=False),
        sa.Column("answers_ref", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("is_history", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["blob"],
            ["blob.id"],
        ),
        sa.ForeignKeyConstraint(
            ["folder"],
            ["mail_folder.id"],
        ),
        sa.ForeignKeyConstraint(
            ["mailbox"],
            ["mailbox.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("folder", "uidvalidity", "uid"),
    )
    with op.batch_alter_table("mail_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_item_mailbox"), ["mailbox"], unique=False)
        batch_op.create_index(
            "mail_item_by_answers_ref",
            ["answers_ref"],
            unique=False,
            sqlite_where=sa.text("own_ref <> ''"),
            postgresql_where=sa.text("own_ref <> ''"),
        )
        batch_op.create_index("mail_item_by_message", ["message"], unique=False)
        batch_op.create_index("mail_item_by_outcome", ["outcome", "folder"], unique=False)
        batch_op.create_index(
            "mail_item_by_own_ref",
            ["own_ref"],
            unique=False,
            sqlite_where=sa.text("own_ref <> ''"),
            postgresql_where=sa.text("own_ref <> ''"),
        )
        batch_op.create_index(
            "mail_item_by_part",
            ["mailbox", "part"],
            unique=False,
            sqlite_where=sa.text("part <> ''"),
            postgresql_where=sa.text("part <> ''"),
        )
        batch_op.create_index(
            "mail_item_by_provider_id",
            ["mailbox", "provider_id"],
            unique=False,
            sqlite_where=sa.text("provider_id <> ''"),
            postgresql_where=sa.text("provider_id <> ''"),
        )

    op.create_table(
        "mail_piece",
        sa.Column("item", sa.LargeBinary(16), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("blob", sa.LargeBinary(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["blob"],
            ["blob.id"],
        ),
        sa.ForeignKeyConstraint(
            ["item"],
            ["mail_item.id"],
        ),
        sa.PrimaryKeyConstraint("item", "start"),
    )
    op.create_table(
        "mail_history",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("mails", sa.Integer(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("oldest_at", sa.BigInteger(), nullable=True),
        sa.Column("counted_at", sa.BigInteger(), nullable=True),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"],
            ["mailbox.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "mail_traffic",
        sa.Column("mailbox", sa.LargeBinary(16), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailbox"],
            ["mailbox.id"],
        ),
        sa.PrimaryKeyConstraint("mailbox", "day"),
    )

    op.create_table(
        "ticket",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(16), nullable=True),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.LargeBinary(16), nullable=True),
        sa.Column("customer", sa.LargeBinary(16), nullable=True),
        sa.Column("organisation", sa.LargeBinary(16), nullable=True),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("assignee", sa.LargeBinary(16), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("follow_up", sa.Boolean(), nullable=False),
        sa.Column("snippet", sa.Text(), nullable=False),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column("has_attachment", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("first_reply_at", sa.BigInteger(), nullable=True),
        sa.Column("solved_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("snooze_until", sa.BigInteger(), nullable=True),
        sa.Column("snooze_days", sa.Integer(), nullable=True),
        sa.Column("snooze_reply", sa.Text(), nullable=True),
        sa.Column("last_message_at", sa.BigInteger(), nullable=False),
        sa.Column("last_incoming_at", sa.BigInteger(), nullable=True),
        sa.Column("merged_into", sa.LargeBinary(16), nullable=True),
        sa.Column("custom", sa.Text(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"],
            ["customer.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index(
            "ticket_spam",
            ["id"],
            unique=False,
            sqlite_where=sa.text("outcome = 'spam'"),
            postgresql_where=sa.text("outcome = 'spam'"),
        )
        batch_op.create_index(
            "ticket_merged",
            ["merged_into"],
            unique=False,
            sqlite_where=sa.text("merged_into IS NOT NULL"),
        )
        batch_op.create_index(
            "ticket_snoozed",
            ["snooze_until", "id"],
            unique=False,
            sqlite_where=sa.text(
                "deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed' AND snooze_until IS NOT NULL"
            ),
            postgresql_where=sa.text(
                "deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed' AND snooze_until IS NOT NULL"
            ),
        )
        batch_op.create_index(
            "ticket_active",
            ["last_message_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed'"),
            postgresql_where=sa.text("deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed'"),
        )
        batch_op.create_index(
            "ticket_by_assignee",
            ["assignee", "last_message_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed'"),
            postgresql_where=sa.text("deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed'"),
        )
        batch_op.create_index(
            "ticket_by_team",
            ["team", "last_message_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed' AND team <> ''"),
            postgresql_where=sa.text(
                "deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed' AND team <> ''"
            ),
        )
        batch_op.create_index(
            "ticket_by_state",
            ["state", "last_message_at", "id"],
            unique=False,
            sqlite_where=sa.text("state IS NOT NULL"),
            postgresql_where=sa.text("state IS NOT NULL"),
        )
        batch_op.create_index("ticket_by_customer", ["customer", "last_message_at"], unique=False)
        batch_op.create_index(
            "ticket_by_due",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text(
                "deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed' AND due_at IS NOT NULL"
            ),
            postgresql_where=sa.text(
                "deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed' AND due_at IS NOT NULL"
            ),
        )
        batch_op.create_index(
            "ticket_by_last_message",
            ["last_message_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL AND merged_into IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND merged_into IS NULL"),
        )
        batch_op.create_index(
            "ticket_by_priority",
            ["priority", "last_message_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed'"),
        )
        batch_op.create_index(
            "ticket_by_solved",
            ["solved_at"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL AND merged_into IS NULL AND status = 'solved'"),
            postgresql_where=sa.text("deleted_at IS NULL AND merged_into IS NULL AND status = 'solved'"),
        )
        batch_op.create_index(
            "ticket_by_status",
            ["status", "last_message_at", "id", "snooze_until"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL AND merged_into IS NULL"),
            postgresql_where=sa.text("deleted_at IS NULL AND merged_into IS NULL"),
        )
        batch_op.create_index(
            "ticket_follow_up",
            ["follow_up", "last_message_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NULL AND merged_into IS NULL AND follow_up = 1"),
            postgresql_where=sa.text("deleted_at IS NULL AND merged_into IS NULL AND follow_up = 1"),
        )
        batch_op.create_index(
            "ticket_in_bin",
            ["deleted_at", "id"],
            unique=False,
            sqlite_where=sa.text("deleted_at IS NOT NULL"),
            postgresql_where=sa.text("deleted_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ticket_incoming",
            ["last_incoming_at", "id", "snooze_until"],
            unique=False,
            sqlite_where=sa.text(
                "deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed' AND status <> 'waiting' AND status <> 'solved'"
            ),
            postgresql_where=sa.text(
                "deleted_at IS NULL AND merged_into IS NULL AND status <> 'closed' AND status <> 'waiting' AND status <> 'solved'"
            ),
        )

    op.create_table(
        "message",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=True),
        sa.Column("customer", sa.LargeBinary(16), nullable=True),
        sa.Column("mailbox", sa.LargeBinary(16), nullable=True),
        sa.Column("agent", sa.LargeBinary(16), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("in_reply_to", sa.Text(), nullable=False),
        sa.Column("refs", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("cc", sa.Text(), nullable=False),
        sa.Column("bcc", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("snippet", sa.Text(), nullable=False),
        sa.Column("same_id_as", sa.LargeBinary(16), nullable=True),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.Column("extra", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_date", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], initially="DEFERRED", deferrable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("message_by_customer", ["customer", "occurred_at"], unique=False)
        batch_op.create_index("message_by_external_id", ["external_id"], unique=False)
        batch_op.create_index("message_by_ticket", ["ticket", "occurred_at"], unique=False)
        batch_op.create_index(
            "message_internal",
            ["ticket", "id"],
            unique=False,
            sqlite_where=sa.text("direction = 'internal'"),
            postgresql_where=sa.text("direction = 'internal'"),
        )

    op.create_table(
        "ticket_tag",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=False),
        sa.Column("tag", sa.LargeBinary(16), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tag"],
            ["tag.id"],
        ),
        sa.ForeignKeyConstraint(
            ["ticket"],
            ["ticket.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("ticket_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_tag_tag"), ["tag"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_tag_ticket"), ["ticket"], unique=False)

    op.create_table(
        "attachment",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("message", sa.LargeBinary(16), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("blob", sa.LargeBinary(16), nullable=True),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["blob"],
            ["blob.id"],
        ),
        sa.ForeignKeyConstraint(
            ["message"],
            ["message.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("attachment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_message"), ["message"], unique=False)

    op.create_table(
        "file_text",
        sa.Column("attachment", sa.LargeBinary(16), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment"],
            ["attachment.id"],
        ),
        sa.PrimaryKeyConstraint("attachment"),
    )
    with op.batch_alter_table("file_text", schema=None) as batch_op:
        batch_op.create_index(
            "file_text_waiting", ["attachment"], unique=False, sqlite_where=sa.text("state = 'waiting'")
        )

    op.create_table(
        "message_raw",
        sa.Column("message", sa.LargeBinary(16), nullable=False),
        sa.Column("blob", sa.LargeBinary(16), nullable=False),
        sa.ForeignKeyConstraint(
            ["blob"],
            ["blob.id"],
        ),
        sa.ForeignKeyConstraint(
            ["message"],
            ["message.id"],
        ),
        sa.PrimaryKeyConstraint("message"),
    )
    op.create_table(
        "message_ref",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("message", sa.LargeBinary(16), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message"],
            ["message.id"],
        ),
        sa.PrimaryKeyConstraint("ref", "message", "role"),
    )
    with op.batch_alter_table("message_ref", schema=None) as batch_op:
        batch_op.create_index("message_ref_by_message", ["message"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=True),
        sa.Column("mailbox", sa.LargeBinary(16), nullable=False),
        sa.Column("answers", sa.LargeBinary(16), nullable=True),
        sa.Column("seen", sa.LargeBinary(16), nullable=True),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("hold_reason", sa.Text(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("send_at", sa.BigInteger(), nullable=True),
        sa.Column("blob", sa.LargeBinary(16), nullable=True),
        sa.Column("copy_state", sa.Text(), nullable=False),
        sa.Column("copy_attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["blob"],
            ["blob.id"],
        ),
        sa.ForeignKeyConstraint(
            ["id"],
            ["message.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "outbox_by_chosen_time",
            ["send_at"],
            unique=False,
            sqlite_where=sa.text("send_at IS NOT NULL"),
            postgresql_where=sa.text("send_at IS NOT NULL"),
        )
        batch_op.create_index(
            "outbox_by_copy",
            ["not_before"],
            unique=False,
            sqlite_where=sa.text("copy_state = 'needed'"),
            postgresql_where=sa.text("copy_state = 'needed'"),
        )
        batch_op.create_index("outbox_by_state", ["state", "not_before"], unique=False)
        batch_op.create_index("outbox_by_ticket", ["ticket"], unique=False)
    op.create_table(
        "reply_token",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("message", sa.LargeBinary(16), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    with op.batch_alter_table("reply_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reply_token_message"), ["message"], unique=False)

    op.create_table(
        "blocked",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("handle"),
    )
    op.create_table(
        "picture_consent",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("agent", sa.LargeBinary(16), nullable=True),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("domain"),
    )
    op.create_table(
        "auto_reply_log",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("message", sa.LargeBinary(16), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("auto_reply_log", schema=None) as batch_op:
        batch_op.create_index("auto_reply_log_by_address", ["address", "at"], unique=False)
        batch_op.create_index("auto_reply_log_by_domain", ["domain", "at"], unique=False)
        batch_op.create_index("auto_reply_log_by_time", ["at"], unique=False)

    op.create_table(
        "canned",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("shortcut", sa.Text(), nullable=False),
        sa.Column("owner", sa.LargeBinary(16), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "chat_channel",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("transport", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("secret_ref", sa.Text(), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "chat_visitor",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("channel", sa.LargeBinary(16), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("jid", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("customer", sa.LargeBinary(16), nullable=False),
        sa.Column("blocked_at", sa.BigInteger(), nullable=True),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.Column("code_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("code_sent_at", sa.BigInteger(), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("jid"),
        sa.UniqueConstraint("token_sha256"),
    )
    with op.batch_alter_table("chat_visitor", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chat_visitor_channel"), ["channel"], unique=False)
        batch_op.create_index(batch_op.f("ix_chat_visitor_customer"), ["customer"], unique=False)

    op.create_table(
        "conversation",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("channel", sa.LargeBinary(16), nullable=False),
        sa.Column("visitor", sa.LargeBinary(16), nullable=False),
        sa.Column("ticket", sa.LargeBinary(16), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("assignee", sa.LargeBinary(16), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("waiting_since", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("visitor_read_seq", sa.Integer(), nullable=False),
        sa.Column("desk_read_seq", sa.Integer(), nullable=False),
        sa.Column("clk", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["visitor"], ["chat_visitor.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.create_index("conversation_by_last", ["state", "last_at"], unique=False)
        batch_op.create_index("conversation_by_visitor", ["visitor", "started_at"], unique=False)
        batch_op.create_index(
            "conversation_going_on",
            ["state", "waiting_since"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'live')"),
            postgresql_where=sa.text("state IN ('waiting', 'live')"),
        )
        batch_op.create_index(batch_op.f("ix_conversation_ticket"), ["ticket"], unique=False)

    op.create_table(
        "chat_line",
        sa.Column("message", sa.LargeBinary(16), nullable=False),
        sa.Column("conversation", sa.LargeBinary(16), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"]),
        sa.ForeignKeyConstraint(["message"], ["message.id"], deferrable=True, initially="DEFERRED"),
        sa.PrimaryKeyConstraint("message"),
        sa.UniqueConstraint("conversation", "external_id"),
        sa.UniqueConstraint("conversation", "seq"),
    )
    op.create_table(
        "chat_upload",
        sa.Column("id", sa.LargeBinary(16), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("blob", sa.LargeBinary(16), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["blob"], ["blob.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("chat_upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chat_upload_created_at"), ["created_at"], unique=False)

    op.execute(
        "CREATE VIRTUAL TABLE search_fts USING fts5(title, body, people, extra, content='', "
        'tokenize="unicode61 remove_diacritics 2")'
    )
    op.execute(
        "CREATE VIRTUAL TABLE search_fts_lately USING fts5(title, body, people, extra, content='', "
        'tokenize="unicode61 remove_diacritics 2")'
    )
    op.execute("CREATE VIRTUAL TABLE search_fts_terms USING fts5vocab(search_fts, instance)")
    op.execute("CREATE VIRTUAL TABLE search_fts_words USING fts5vocab(search_fts, row)")
