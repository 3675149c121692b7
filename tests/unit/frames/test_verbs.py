"""Everyday verbs on message frames: they work as on any DataFrame, and amounts stay exact."""

from __future__ import annotations

import io
import sqlite3
from decimal import Decimal

import numpy as np
import openpyxl
import pandas as pd
import pytest

from twilio_widgets import Sandbox, Twilio, frames
from twilio_widgets.core.error_codes.explain import explain_error
from twilio_widgets.frames import MessageFrame, message_frame
from twilio_widgets.frames.decode import MessageRecord
from twilio_widgets.frames.schema import MONEY

PRICES = ["-0.0075", None, "-0.0100", "0", "-0.0075", None]


def log(**attrs: object) -> MessageFrame:
    rows = [
        MessageRecord(
            f"SM{n:032x}",
            date_sent=f"Thu, 24 Aug 2023 05:0{n}:45 +0000",
            direction="inbound" if n % 2 else "outbound-api",
            status="sent" if n < 3 else "failed",
            body=f"text {n}",
            num_segments=str(n + 1),
            price=price,
            error_code=None if n < 3 else 30007,
        )
        for n, price in enumerate(PRICES)
    ]
    return message_frame(rows, attrs={"complete": True} | attrs)


def plain_log() -> pd.DataFrame:
    """Return the same rows as a DataFrame of pandas, with amounts as floats."""
    frame = pd.DataFrame(log())
    return frame.assign(price=frame["price"].astype("Float64"))


def tables_of(frame: pd.DataFrame, **options: object) -> pd.DataFrame:
    with sqlite3.connect(":memory:") as base:
        frame.to_sql("log", base, **options)
        return pd.read_sql("select status, price from log", base)


VERBS = {
    "describe": lambda f: f.describe(),
    "describe all": lambda f: f.describe(include="all"),
    "describe numbers": lambda f: f.describe(include="number"),
    "describe one": lambda f: f["price"].describe(),
    "select_dtypes": lambda f: f.select_dtypes("number"),
    "select_dtypes exclude": lambda f: f.select_dtypes(exclude="number"),
    "sum": lambda f: f["price"].sum(),
    "sum of numbers": lambda f: f.sum(numeric_only=True),
    "mean": lambda f: f["price"].mean(),
    "median": lambda f: f["price"].median(),
    "std": lambda f: f["price"].std(),
    "min": lambda f: f["price"].min(),
    "max": lambda f: f["price"].max(),
    "quantile": lambda f: f["price"].quantile(0.25),
    "cumsum": lambda f: f["price"].cumsum(),
    "cumsum of a frame": lambda f: f[["price", "num_segments"]].cumsum(),
    "cumsum, no skipna": lambda f: f["price"].cumsum(skipna=False),
    "cummax": lambda f: f["price"].cummax(),
    "cummin": lambda f: f["price"].cummin(),
    "cumprod": lambda f: f["price"].cumprod(),
    "diff": lambda f: f["price"].diff(),
    "pct_change": lambda f: f["price"].dropna().pct_change(),
    "abs": lambda f: f["price"].abs(),
    "round": lambda f: f["price"].round(2),
    "rank": lambda f: f["price"].rank(),
    "clip": lambda f: f["price"].clip(lower=-0.008),
    "between": lambda f: f["price"].between(-1, 0),
    "compare": lambda f: f["price"] < 0,
    "isin": lambda f: f["price"].isin([0, -0.01]),
    "isna": lambda f: f["price"].isna(),
    "fillna": lambda f: f["price"].fillna(0),
    "dropna": lambda f: f.dropna(subset=["price"]),
    "nlargest": lambda f: f.nlargest(2, "price"),
    "nsmallest": lambda f: f.nsmallest(2, ["price", "num_segments"]),
    "nlargest of one": lambda f: f["price"].nlargest(2),
    "nsmallest of one": lambda f: f["price"].nsmallest(3, keep="last"),
    "sort_values": lambda f: f.sort_values("price"),
    "value_counts": lambda f: f["status"].value_counts(),
    "unique": lambda f: len(f["price"].unique()),
    "nunique": lambda f: f.nunique(),
    "drop_duplicates": lambda f: f.drop_duplicates("price"),
    "groupby sum": lambda f: f.groupby("status", observed=True)["price"].sum(),
    "groupby mean": lambda f: f.groupby("status", observed=True)["price"].mean(),
    "groupby agg": lambda f: f.groupby("status", observed=True).agg(
        n=("sid", "count"), cost=("price", "sum")
    ),
    "groupby numbers": lambda f: f.groupby("status", observed=True).sum(numeric_only=True),
    "groupby day": lambda f: f.groupby(f["date_sent"].dt.date)["price"].sum(),
    "groupby transform": lambda f: f.groupby("status", observed=True)["price"].transform("sum"),
    "groupby cumsum": lambda f: f.groupby("status", observed=True)["price"].cumsum(),
    "groupby cummax": lambda f: f.groupby("status", observed=True)["price"].cummax(),
    "groupby cummin": lambda f: f.groupby("status", observed=True)["price"].cummin(),
    "groupby cumprod": lambda f: f.groupby("status", observed=True)["price"].cumprod(),
    "groupby cumsum of numbers": lambda f: f.groupby("status", observed=True)[
        ["price", "num_segments"]
    ].cumsum(),
    "groupby rank": lambda f: f.groupby("status", observed=True)["price"].rank(),
    "groupby rank of numbers": lambda f: f.groupby("status", observed=True)[
        ["price", "num_segments"]
    ].rank(),
    "groupby quantile": lambda f: f.groupby("status", observed=True)["price"].quantile(0.25),
    "groupby quantiles": lambda f: f.groupby("status", observed=True)["price"].quantile([0, 0.5]),
    "groupby median": lambda f: f.groupby("status", observed=True)["price"].median(),
    "groupby std": lambda f: f.groupby("status", observed=True)["price"].std(),
    "groupby first": lambda f: f.groupby("status", observed=True)["price"].first(),
    "groupby idxmin": lambda f: (
        f[f["price"].notna()].groupby("status", observed=True)["price"].idxmin()
    ),
    "groupby skew": lambda f: f.groupby("direction", observed=True)["price"].skew(),
    "groupby any": lambda f: f.groupby("status", observed=True)["price"].any(),
    "groupby of one": lambda f: f["price"].groupby(f["status"], observed=True).cumsum(),
    "groupby transform cumsum": lambda f: f.groupby("status", observed=True)["price"].transform(
        "cumsum"
    ),
    "groupby a missing key": lambda f: f.groupby("error_code")["price"].cumsum(),
    "resample cumsum": lambda f: f.resample("2min", on="date_sent")["price"].cumsum(),
    "isin of a frame": lambda f: f[["price", "num_segments"]].isin([0, 1, -0.01]),
    "ratio": lambda f: f["price"] / f["price"].shift() - 1,
    "share": lambda f: f["price"] / f["price"].sum() * 100,
    "modulo": lambda f: f["price"] % 1,
    "product": lambda f: f["price"] * f["price"] * f["price"],
    "mask": lambda f: f["price"].mask(f["price"] < -0.008, -0.008),
    "where, else": lambda f: f["price"].where(f["price"] < 0, other=0.5),
    "groupby describe": lambda f: f.groupby("status", observed=True)["price"].describe(),
    "resample": lambda f: f.set_index("date_sent").resample("2min")["price"].sum(),
    "rolling": lambda f: f["price"].rolling(2).sum(),
    "pivot_table": lambda f: f.pivot_table(
        index="status", columns="direction", values="price", aggfunc="sum", observed=True
    ),
    "crosstab": lambda f: pd.crosstab(f["status"], f["direction"]),
    "merge": lambda f: f.merge(f[["sid", "price"]], on="sid"),
    "join": lambda f: f.set_index("sid").join(f.set_index("sid")[["price"]].add_suffix("_2")),
    "concat": lambda f: pd.concat([f, f]),
    "sample": lambda f: f.sample(3, random_state=1),
    "query": lambda f: f.query("price < 0"),
    "assign": lambda f: f.assign(cost=-f["price"]),
    "melt": lambda f: f.melt(id_vars="sid", value_vars=["price"]),
    "unstack": lambda f: f.groupby(["status", "direction"], observed=True)["price"].sum().unstack(),
    "corr": lambda f: f[["price", "num_segments"]].corr(),
    "where": lambda f: f["price"].where(f["price"] < 0, 0),
    "shift": lambda f: f["price"].shift(),
    "convert_dtypes": lambda f: f.convert_dtypes(),
    "to_numpy": lambda f: f["price"].to_numpy(float, na_value=np.nan),
    "to_dict": lambda f: f[["sid", "num_segments"]].to_dict("records"),
    "to_sql": lambda f: tables_of(f),
    "to_sql, no index": lambda f: tables_of(f, index=False),
}


def simple(value: object) -> object:
    """Return a result as floats, texts and None, whatever its types are."""
    if isinstance(value, pd.DataFrame):
        named = pd.DataFrame(value).reset_index()
        return [list(map(str, named.columns)), *(list(map(simple, row)) for row in named.values)]
    if isinstance(value, pd.Series):
        return simple(pd.Series(value).to_frame("value"))
    if isinstance(value, np.ndarray | list):
        return [simple(each) for each in value]
    if isinstance(value, dict):
        return [[name, simple(each)] for name, each in value.items()]
    if pd.isna(value):
        return None
    is_number = isinstance(value, int | float | Decimal | np.number)
    return pytest.approx(float(value)) if is_number else str(value)


# pandas 2 calls pyarrow's rank with an argument that newer pyarrows deprecate.
@pytest.mark.filterwarnings("ignore:Specifying null_placement:FutureWarning")
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_gives_what_it_gives_on_any_frame(verb):
    def run(frame: pd.DataFrame) -> object:
        return VERBS[verb](frame)

    assert simple(run(log())) == simple(run(plain_log()))


@pytest.mark.parametrize(
    "verb",
    [
        "cumsum", "cummax", "cummin", "clip", "nlargest of one", "where", "mask", "fillna", "abs",
        "groupby cumsum", "groupby cummax", "groupby cummin", "groupby of one",
        "groupby transform cumsum", "resample cumsum",
    ],
)  # fmt: skip
def test_amounts_stay_exact(verb):
    made = VERBS[verb](log())

    assert made.dtype == MONEY
    assert all(isinstance(value, Decimal) for value in made.dropna())


def test_a_total_of_many_amounts_is_exact():
    frame = message_frame([MessageRecord(f"SM{n}", price="-0.1") for n in range(1_000)], attrs={})

    assert frame["price"].cumsum().iloc[-1] == Decimal(-100)
    assert frame["price"].sum() == Decimal(-100)


def test_a_database_gets_floats_unless_a_type_is_given():
    with sqlite3.connect(":memory:") as base:
        log().to_sql("log", base)
        types = {row[1]: row[2] for row in base.execute("pragma table_info(log)")}
    assert types["price"] == "REAL"

    with pytest.raises((sqlite3.Error, pd.errors.DatabaseError)), sqlite3.connect(":memory:") as b:
        log().to_sql("log", b, dtype={"price": "NUMERIC"})


def test_a_column_of_error_codes_can_be_explained():
    explained = log()["error_code"].map(explain_error)

    codes = [None if pd.isna(one) else one.code for one in explained.tolist()]
    assert codes == [None, None, None, 30007, 30007, 30007]
    assert explain_error(30006.0) == explain_error(30006)
    assert [explain_error(value) for value in (float("nan"), pd.NA, pd.NaT)] == [None] * 3
    with pytest.raises(ValueError, match="whole number"):
        explain_error(30006.5)


# --- what a frame says about itself ------------------------------------------------------------

KEPT = {
    "copy": lambda f: f.copy(),
    "columns": lambda f: f[["body", "from"]],
    "sort_values": lambda f: f.sort_values("price"),
    "sort_index": lambda f: f.sort_index(ascending=False),
    "sample, all": lambda f: f.sample(frac=1, random_state=1),
    "reset_index": lambda f: f.sample(frac=1, random_state=1).reset_index(drop=True),
    "set_index": lambda f: f.set_index("sid"),
    "assign": lambda f: f.assign(cost=1),
    "merge": lambda f: f.merge(f[["sid"]], on="sid"),
    "filter, all": lambda f: f[f["sid"].notna()],
}
LOST = {
    "head": lambda f: f.head(2),
    "sample, again": lambda f: f.sample(len(f), replace=True, random_state=1),
    "sample, ignore_index": lambda f: f.sample(6, replace=True, random_state=1, ignore_index=True),
    "shift": lambda f: f.shift(),
    "shift, filled": lambda f: f[["num_segments"]].shift(fill_value=0),
    "where": lambda f: f.where(f["num_segments"] > 2),
    "where, one column": lambda f: f[["body"]].where(f["num_segments"] > 2),
    "mask": lambda f: f[["body"]].mask(f["num_segments"] > 2, "x"),
    "reindex": lambda f: f.reindex([0, 1, 2, 3, 4, 9]),
    "iloc, twice": lambda f: f.iloc[[0, 0, 1, 2, 3, 4]],
    "loc, twice": lambda f: f.loc[[0, 0, 1, 2, 3, 4]].reset_index(drop=True),
    "transpose": lambda f: f[["sid", "to", "from", "body", "status", "price"]].T,
    "merge, twice": lambda f: f.merge(f[["sid"]].assign(sid=[*f["sid"][:1], *f["sid"][:5]])),
    "cumsum": lambda f: f[["price"]].cumsum(),
    "concat": lambda f: pd.concat([f, f]),
}


@pytest.mark.parametrize("verb", KEPT)
def test_a_frame_with_each_row_once_is_still_complete(verb):
    assert KEPT[verb](log()).attrs["complete"] is True


@pytest.mark.parametrize("verb", LOST)
def test_a_frame_that_may_lack_a_row_does_not_claim_to_be_complete(verb):
    assert not LOST[verb](log()).attrs.get("complete")


def test_two_readings_that_were_cut_off_say_so_together():
    first, second = log(complete=False, fetched_at="1"), log(complete=False, fetched_at="2")

    both = pd.concat([first, second])

    assert both.attrs["complete"] is False
    assert both.attrs["cut_off"] == first.attrs["cut_off"]
    assert repr(both).endswith(first.attrs["cut_off"])


# --- to_excel ----------------------------------------------------------------------------------


def sheet_of(content: object, name: str = "messages") -> list[list[object]]:
    sheet = openpyxl.load_workbook(content)[name]
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_a_workbook_has_the_index_when_it_means_something(tmp_path):
    frame = log()[["sid", "price"]].head(1)
    path = tmp_path / "log.xlsx"

    frame.to_excel(path)
    assert sheet_of(path) == [["sid", "price"], ["SM" + "0" * 32, -0.0075]]
    frame.set_index("sid").to_excel(path)
    assert sheet_of(path) == [["sid", "price"], ["SM" + "0" * 32, -0.0075]]
    VERBS["pivot_table"](log()).to_excel(path)
    assert [row[0] for row in sheet_of(path)][-2:] == ["sent", "failed"]


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({"index": False}, [["sid", "body"], ["SM0", "=1+1"]]),
        ({"index": True}, [[None, "sid", "body"], [0, "SM0", "=1+1"]]),
        ({"columns": ["body"]}, [["body"], ["=1+1"]]),
        ({"header": False}, [["SM0", "=1+1"]]),
        ({"header": ["=a", "b"]}, [["=a", "b"], ["SM0", "=1+1"]]),
        ({"startrow": 1}, [[None, None], ["sid", "body"], ["SM0", "=1+1"]]),
        ({"index": True, "index_label": "n"}, [["n", "sid", "body"], [0, "SM0", "=1+1"]]),
    ],
    ids=str,
)
def test_the_options_of_pandas_are_those_of_to_excel(options, rows):
    file = io.BytesIO()
    message_frame([MessageRecord("SM0", body="=1+1")], attrs={})[["sid", "body"]].to_excel(
        file, **options
    )

    assert sheet_of(file) == rows
    book = openpyxl.load_workbook(file)
    assert {cell.data_type for row in book["messages"] for cell in row} <= {"s", "n"}


def test_several_frames_go_into_one_writer(tmp_path):
    frame = message_frame([MessageRecord("SM0", body="=1+1")], attrs={})[["body"]]
    with pd.ExcelWriter(tmp_path / "two.xlsx", engine="openpyxl") as writer:
        assert frame.to_excel(writer, sheet_name="a") is None
        frame["body"].to_excel(writer, sheet_name="b")

    for name in ("a", "b"):
        assert sheet_of(tmp_path / "two.xlsx", name) == [["body"], ["=1+1"]]


def test_a_frame_that_does_not_fit_leaves_the_file_before(tmp_path):
    path = tmp_path / "log.xlsx"
    log().to_excel(path)
    before = path.read_bytes()

    with pytest.raises(Exception, match=r"32,767|nothing"):
        message_frame([MessageRecord("SM0", body="x" * 40_000)], attrs={}).to_excel(path)

    assert path.read_bytes() == before
    pd.testing.assert_frame_equal(frames.read_excel(path), log())


def test_one_column_is_exported_as_safely_as_the_frame():
    column = message_frame([MessageRecord("SM0", body="=1+1")], attrs={})["body"]

    assert column.to_csv() == "body\r\n'=1+1\r\n"


def test_an_expression_counts_amounts_as_floats_and_leaves_them_exact():
    with Sandbox(messages=20, seed=3) as sandbox:
        frame = Twilio(sandbox.connection).messages.list(limit=None, progress=False)
    rate = 2

    doubled = frame.eval("price * @rate")
    total = frame.eval("total = price + 1")
    frame.eval("half = price / 2", inplace=True)

    plain = frame["price"].astype(float)
    assert doubled.tolist() == (plain * rate).tolist()
    assert total["total"].tolist() == (plain + 1).tolist()
    assert frame["half"].tolist() == (plain / 2).tolist()
    assert total["price"].dtype == frame["price"].dtype == MONEY
    assert type(total) is type(frame)
