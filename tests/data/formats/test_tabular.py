from pathlib import Path

import polars as pl
import pytest

from s2c2.data.formats.tabular import read_json, read_table
from s2c2.errors import UserError


def test_a_csv_gives_text_and_the_line_of_each_row_past_quoted_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeffimage;note\r\n007;"two\r\nlines"\r\n\r\nb,c;\r\n'.encode())
    table = read_table(path)
    assert table.columns == {"image": ["007", "b,c"], "note": ["two\r\nlines", None]}
    assert [table.at(row) for row in range(2)] == [f"{path}, line 2", f"{path}, line 5"]


def test_blank_rows_and_columns_that_a_spreadsheet_leaves_are_no_cells(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\r\n;;;\r\nimage;label;;\r\na;x;;\r\n;;;\r\nb;y; ;;;\r\nc;z\r\n;;;\r\n")
    table = read_table(path)
    assert table.columns == {"image": ["a", "b", "c"], "label": ["x", "y", "z"]}
    assert [table.places[row] for row in range(3)] == [4, 6, 7]


@pytest.mark.parametrize("name", ["t.parquet", "t.jsonl"])
def test_nested_values_survive(tmp_path: Path, name: str) -> None:
    frame = pl.DataFrame({"file_name": ["a", "b"], "annotations": [[{"worker": "w", "label": "x"}], None]})
    (frame.write_parquet if name.endswith("parquet") else frame.write_ndjson)(tmp_path / name)
    table = read_table(tmp_path / name)
    assert table.columns == {"file_name": ["a", "b"], "annotations": [[{"worker": "w", "label": "x"}], None]}
    assert table.at(1).endswith(", row 2" if name.endswith("parquet") else ", line 2")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"sep=;\n\n;;\n", "is empty"),
        ("t.csv", b"a,a\n1,2\n", "column 'a' comes twice"),
        ("t.csv", b"a,b\n1,2\n1\n", "line 3: 1 cells, but the header has 2"),
        ("t.csv", b"a,b,\n1,2,\n1,2,a note\n", "line 3: 3 cells, but the header has 2"),
        ("t.csv", b'a,b\n1,"2\n', "line 2"),
        ("t.csv", b'a,b\n1,"2\n3,4\n5,6\n', "line 2: unexpected end"),
        ("t.csv", b"sep=;\na;b\n1;2\n1\n", "line 4: 1 cells, but the header has 2"),
        ("t.csv", b"a,b\n1,2\n\xff,3\n", r"line 3: not UTF-8 text; .*\(in Excel: CSV UTF-8\)"),
        ("t.jsonl", b'{"a": 1}\n{"a": }\n', "line 2, column 7: not JSON"),
        ("t.jsonl", b'{"a": 1}\n[1]\n', "line 2: must be an object"),
        ("t.jsonl", b"[" * 200_000, "line 1.*not JSON"),
        ("t.parquet", b"PAR1 no", "cannot be read as Parquet"),
        ("t.xlsx", b"", "is not a table.*: save it as CSV UTF-8"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=why) as caught:
        read_table(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_missing_table_is_named(tmp_path: Path, ending: str) -> None:
    with pytest.raises(UserError, match=f"t.{ending}"):
        read_table(tmp_path / f"t.{ending}")


def test_json_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[\n{"a": 1,}\n]')
    with pytest.raises(UserError, match="line 2, column 9: not JSON"):
        read_json(tmp_path / "a.json")
