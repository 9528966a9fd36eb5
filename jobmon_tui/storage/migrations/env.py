"""Alembic's entry: the caller hands over a connection; there is no other way in."""

from alembic import context
from sqlmodel import SQLModel

import jobmon_tui.storage.tables  # noqa: F401  # fills the metadata
from jobmon_tui.storage.triggers import sqlite_statements

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=True)
context.run_migrations()
for statement in sqlite_statements():
    connection.exec_driver_sql(statement)
