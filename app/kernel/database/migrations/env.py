"""Alembic's way in: runs the revisions on the connection, and against the metadata, that the caller hands over."""

from alembic import context

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    render_as_batch=True,
    transactional_ddl=True,
    include_object=attributes["include_object"],
    render_item=attributes["render_item"],
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
