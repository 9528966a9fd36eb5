"""Alembic's entry: the caller hands over a connection; there is no other way in."""

from alembic import context
from sqlmodel import SQLModel

import jobmon_tui.storage.listing.block_tables  # fills the metadata
import jobmon_tui.storage.tables  # noqa: F401
from jobmon_tui.storage.triggers.postgres import postgres_statements
from jobmon_tui.storage.triggers.sqlite import sqlite_statements

connection = context.config.attributes["connection"]
on_sqlite = connection.dialect.name == "sqlite"
context.configure(connection=connection, target_metadata=SQLModel.metadata, render_as_batch=on_sqlite)
context.run_migrations()
for statement in sqlite_statements() if on_sqlite else postgres_statements():
    connection.exec_driver_sql(statement)
