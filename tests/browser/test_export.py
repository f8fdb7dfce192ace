"""The annotations leave as a file, whose rows are what was done."""

import csv
import json
from pathlib import Path

import polars as pl
from playwright.sync_api import Page

from tests.browser.conftest import Open
from tests.browser.screen import select
from tests.browser.serving import Server


def worked(server: Server, page: Page, group: str) -> list[int]:
    """Label an image, give another one a soft label, accept the rest; return the images in order."""
    images = server.members(group)
    select(page, images[0])
    page.keyboard.press("4")
    select(page, images[1])
    page.keyboard.press("u")
    for index, weight in enumerate((50, 50, 0, 0)):
        page.locator(f"dialog input[type=number][data-class='{index}']").fill(str(weight))
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    server.recorded("label", "ambiguous", "accept")
    return images


def download(page: Page, words: str, to: Path) -> Path:
    if page.locator(".dashboard").count() == 0:
        page.keyboard.press("d")
    with page.expect_download() as found:
        page.get_by_role("link", name=words).click()
    found.value.save_as(to / found.value.suggested_filename)
    return to / found.value.suggested_filename


def test_csv_has_a_row_for_each_answer(server: Server, open_page: Open, tmp_path: Path) -> None:
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    images = worked(server, page, group)
    classes = [one["name"] for one in server.get("session")["classes"]]
    suggested = classes[server.group(group)["suggestion"]["label"]]
    path = download(page, "CSV", tmp_path)
    assert path.name == "annotations.csv"
    with path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["live"] == "true"]
    assert [row["kind"] for row in rows] == ["label", "ambiguous"] + ["accept"] * (len(images) - 2)
    assert {row["annotator"] for row in rows} == {"ann"}
    assert rows[0]["label"] == classes[3]
    shares = json.loads(rows[1]["distribution"])
    assert (shares[classes[0]], shares[classes[1]]) == (0.5, 0.5)
    assert {row["label"] for row in rows[2:]} == {suggested}
    assert {row["proposal"] for row in rows} == {suggested}
    assert len({row["image"] for row in rows}) == len(images)
    assert all(float(row["wall"]) >= float(row["seconds"]) > 0 for row in rows)


def test_parquet_has_the_same_rows(server: Server, open_page: Open, tmp_path: Path) -> None:
    group = server.groups("class")[0]
    page = open_page(server, group=group)
    worked(server, page, group)
    flat = pl.read_csv(download(page, "CSV", tmp_path))
    found = pl.read_parquet(download(page, "Parquet", tmp_path))
    for column in ("image", "annotator", "kind", "label", "key"):
        assert found[column].to_list() == flat[column].to_list()
