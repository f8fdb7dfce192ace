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

/** Most looks, and their mean, for each number of matching images from `least` to `most`. */
function looks(remaining, least, most) {
  const found = [];
  for (let matching = least; matching <= most; matching += 1) {
    const whole = matching === remaining ? Math.ceil(remaining / 24) : Math.floor(matching / 24);
    const { search, seen } = searched(Math.ceil(remaining / 24), whole);
    assert.equal(search.looks, seen.length);
    found.push(seen.length);
  }
  return { most: Math.max(...found), mean: found.reduce((sum, one) => sum + one) / found.length };
}

test("thousands of images are found in about ten looks, small groups in about six, none in one", () => {
  for (const [remaining, least, largest, most, mean] of [
    [5000, 0, 23, 1, 1],
    [5000, 50, 200, 7, 6.2],
    [5000, 1000, 5000, 11, 10],
    [100_000, 50, 200, 8, 7.1],
    [100_000, 1000, 5000, 12, 10.8],
  ]) {
    const found = looks(remaining, least, largest);
    const words = `${least} to ${largest} of ${remaining}: ${found.mean} looks, ${found.most} at most`;
    assert.ok(found.most <= most && found.mean <= mean, words);
  }
});

test("no page is looked at twice", () => {
  const { seen } = searched(1000, 137);
  assert.equal(new Set(seen).size, seen.length);
});

test("a small group is as likely as a large one", () => {
  const { seen } = searched(209, 1);
  assert.deepEqual(seen, [0, 28, 8, 4, 2, 1]);
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
