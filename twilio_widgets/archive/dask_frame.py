"""The archive as a Dask DataFrame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from twilio_widgets.archive.manifest import Manifest
from twilio_widgets.archive.reading import checked_columns, data_files, with_manifest
from twilio_widgets.archive.rows import FILE_SCHEMA, pandas_of
from twilio_widgets.archive.store import ArchiveFolder
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.schema import SCHEMA, with_known_categories

Categories = dict[str, tuple[str, ...]]
"""The categories of each categorical column."""


def dask_frame(
    folder: ArchiveFolder, load: Callable[[], Manifest | None], columns: Sequence[str] | None
) -> Any:
    """Return a Dask DataFrame; see `Archive.to_dask`."""
    dask = _load_dask()
    names = checked_columns(columns)

    def read(manifest: Manifest) -> Any:
        paths = [folder.path / name for name in data_files(manifest)]
        categories = _categories(paths, names)
        empty = _typed(FILE_SCHEMA.empty_table().select(names), categories)
        if not paths:
            return dask.from_pandas(empty, npartitions=1)
        return dask.from_map(read_file, paths, columns=names, categories=categories, meta=empty)

    return with_manifest(folder, load, read)


def read_file(path: Path, columns: list[str], categories: Categories) -> pd.DataFrame:
    """Read one file as a partition; Dask calls this on its workers."""
    table = pq.ParquetFile(path).read(columns=columns)
    return _typed(table.select(columns), categories)


def _typed(table: Any, categories: Categories) -> pd.DataFrame:
    frame = pandas_of(table)
    for name in frame.columns.intersection(list(categories)):
        frame[name] = with_known_categories(frame[name], categories[name])
    return frame


def _categories(paths: Sequence[Path], columns: Sequence[str]) -> Categories:
    """Return the categories, which must be the same in all partitions."""
    known = {one.name: one.categories for one in SCHEMA if one.categories and one.name in columns}
    used: dict[str, set[str]] = {name: set() for name in known}
    for path in paths if known else ():
        table = pq.ParquetFile(path).read(columns=list(known))
        for name, found in used.items():
            found.update(pc.unique(table[name]).drop_null().to_pylist())
    return {name: (*first, *sorted(used[name] - {*first})) for name, first in known.items()}


def _load_dask() -> Any:
    try:
        import dask.dataframe
    except ImportError as error:
        raise ConfigurationError(
            'Archive.to_dask needs Dask: pip install "twilio-widgets[dask]". '
            "to_dataframe works without it."
        ) from error
    return dask.dataframe
