import assert from "node:assert/strict";
import { test } from "node:test";

import { layout, missingPages, resized, rowsInSight, rowsSeen, scrolledTo, thumbnail } from "../../../src/s2c2/web/static/logic/geometry.mjs";

test("as many columns as fit, at least one", () => {
  assert.equal(layout(10, 400, 100, 0).columns, 4);
  assert.equal(layout(10, 399, 100, 0).columns, 3);
  assert.equal(layout(10, 430, 100, 10).columns, 4);
  assert.equal(layout(10, 50, 100, 10).columns, 1);
  assert.deepEqual(layout(10, 430, 100, 10), { columns: 4, rows: 3, pitch: 110, height: 330 });
  assert.equal(layout(0, 430, 100, 10).rows, 0);
});

test("every image in sight is in a row that is drawn, and few others are", () => {
  const grid = layout(100000, 1000, 100, 8);
  for (let top = 0; top < grid.height; top += 98765.4) {
    const [first, last] = rowsInSight(grid, top, 700, 2);
    for (let row = 0; row < grid.rows; row += 1) {
      const seen = (row + 1) * grid.pitch > top && row * grid.pitch < top + 700;
      if (seen) assert.ok(row >= first && row < last, `row ${row} at ${top}`);
    }
    assert.ok(last - first <= Math.ceil(700 / grid.pitch) + 5);
  }
});

test("a scroll beyond the end draws what there is", () => {
  const grid = layout(10, 430, 100, 10);
  assert.deepEqual(rowsInSight(grid, 9999, 500), [3, 3]);
});

test("scrolling goes as far as needed and no farther", () => {
  const grid = layout(100, 400, 100, 0);
  assert.equal(scrolledTo(grid, 0, 250, 300), 0);
  assert.equal(scrolledTo(grid, 17, 250, 300), 250);
  assert.equal(scrolledTo(grid, 24, 250, 300), 400);
  assert.equal(rowsSeen(grid, 350), 3);
  assert.equal(rowsSeen(grid, 20), 1);
});

test("pages that are needed and not there", () => {
  assert.deepEqual(missingPages(0, 10, 500, new Set()), [0]);
  assert.deepEqual(missingPages(499, 501, 500, new Set()), [0, 1]);
  assert.deepEqual(missingPages(499, 1501, 500, new Set([1])), [0, 2, 3]);
  assert.deepEqual(missingPages(500, 500, 500, new Set()), []);
});

test("sizes of thumbnails", () => {
  assert.equal(resized(128, 1), 192);
  assert.equal(resized(256, 1), 256);
  assert.equal(resized(96, -1), 96);
  assert.equal(thumbnail(128, 1), 128);
  assert.equal(thumbnail(130, 1), 192);
  assert.equal(thumbnail(128, 2), 256);
  assert.equal(thumbnail(256, 3), 256);
});
