import assert from "node:assert/strict";
import { test } from "node:test";

import { begun, bordered, joining, matched, settled, unmatched } from "../../../src/s2c2/web/static/logic/growing.mjs";

/** Search with a person who knows that the first `matching` pages match wholly. */
function searched(pages, matching) {
  let search = begun(pages);
  const seen = [];
  while (!settled(search)) {
    seen.push(search.at);
    search = search.at < matching ? matched(search) : unmatched(search);
  }
  return { search, seen };
}

test("finds the border wherever it is", () => {
  for (const pages of [0, 1, 2, 3, 7, 8, 40]) {
    for (let matching = 0; matching <= pages; matching += 1) {
      const { search } = searched(pages, matching);
      assert.equal(search.left, matching, `${matching} of ${pages}`);
      assert.equal(bordered(search), matching < pages);
    }
  }
});

test("thousands of pages in about twice the logarithm of the border", () => {
  for (const matching of [0, 1, 10, 100, 1000, 4000, 5000]) {
    const { search, seen } = searched(5000, matching);
    assert.equal(search.looks, seen.length);
    assert.ok(seen.length <= 2 * Math.ceil(Math.log2(matching + 2)) + 1, `${seen.length} looks for ${matching}`);
  }
});

test("no page is looked at twice", () => {
  const { seen } = searched(1000, 137);
  assert.equal(new Set(seen).size, seen.length);
});

test("the jump doubles while pages match", () => {
  const { seen } = searched(1000, 1000);
  assert.deepEqual(seen.slice(0, 5), [0, 2, 6, 14, 30]);
});

test("matching pages join, and of the border page what was accepted", () => {
  const { search } = searched(4, 2);
  assert.deepEqual(joining(search, 3, 11), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(joining(search, 3, 11, new Set([8, 6])), [0, 1, 2, 3, 4, 5, 6, 8]);
  assert.deepEqual(joining(search, 3, 11, new Set([2, 9])), [0, 1, 2, 3, 4, 5]);
});

test("no more join than there are", () => {
  const { search } = searched(4, 4);
  assert.equal(joining(search, 3, 11).length, 11);
});

test("keys after the end do nothing", () => {
  const { search } = searched(4, 2);
  assert.equal(matched(search), search);
  assert.equal(unmatched(search), search);
});
