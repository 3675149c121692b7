"""The message log, copied to Parquet files and kept in step.

`archive` is the public class. A sync is `sync` (the run), which takes the work from `slices`, reads
a slice with `walk`, compares it with the archived day in `merge` and commits it with `store` and
`manifest`.
"""
