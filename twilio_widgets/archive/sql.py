"""SQL over the archive's files, with a DuckDB that can reach nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow.dataset as ds

from twilio_widgets.archive.manifest import Manifest
from twilio_widgets.archive.reading import data_files, with_manifest
from twilio_widgets.archive.rows import FILE_SCHEMA, pandas_of
from twilio_widgets.archive.store import ArchiveFolder
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.safe_frame import SafeFrame

_LOCKED_DOWN = (
    "SET TimeZone = 'UTC'",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET python_enable_replacements = false",  # a name in a query is never a Python variable
    "SET temp_directory = ''",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
"""DuckDB is given the files by Arrow, so it needs no access to files at all."""


def run_query(
    folder: ArchiveFolder,
    load: Callable[[], Manifest | None],
    query: str,
    parameters: Sequence[object] | None,
) -> SafeFrame:
    """Run one SELECT; see `Archive.sql`."""
    duckdb = _load_duckdb()

    def read(manifest: Manifest) -> SafeFrame:
        with duckdb.connect(":memory:") as connection:
            connection.register("messages", _messages(folder, manifest))
            for setting in _LOCKED_DOWN:
                connection.execute(setting)
            try:
                _check(duckdb, connection, query)
                found = connection.sql(query, params=parameters).to_arrow_table()
            except duckdb.Error as error:
                raise ConfigurationError(f"The query failed: {error}", field="query") from error
        return SafeFrame(pandas_of(found))

    return with_manifest(folder, load, read)


def _messages(folder: ArchiveFolder, manifest: Manifest) -> Any:
    paths = [folder.path / name for name in data_files(manifest)]
    if not paths:
        return FILE_SCHEMA.empty_table()
    for path in paths:
        path.stat()  # raises FileNotFoundError if a sync has just replaced it
    return ds.dataset(paths, schema=FILE_SCHEMA, format="parquet")


def _check(duckdb: Any, connection: Any, query: str) -> None:
    statements = connection.extract_statements(query)
    if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
        raise ConfigurationError(
            "The query must be one SELECT: an archive is only read. It is changed by sync and "
            "forget.",
            field="query",
        )


def _load_duckdb() -> Any:
    try:
        import duckdb
    except ImportError as error:
        raise ConfigurationError(
            'Archive.sql needs DuckDB: pip install "twilio-widgets[explore]". '
            "to_dataframe works without it."
        ) from error
    return duckdb
