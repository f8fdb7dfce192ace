import assert from "node:assert/strict";
import { test } from "node:test";

import { even, hundredths, likeliest, mean, normalised } from "../../../src/s2c2/web/static/logic/distribution.mjs";

test("weights are normalised", () => {
  assert.deepEqual(normalised([1, 3]), [0.25, 0.75]);
  assert.deepEqual(normalised([50, 50, 0]), [0.5, 0.5, 0]);
  assert.equal(normalised([0, 0]), null);
  assert.deepEqual(normalised([-1, Number.NaN, 2]), [0, 0, 1]);
});

test("a normalised label sums to one", () => {
  for (const weights of [[1, 1, 1], [33, 33, 33], [1e-9, 5], [7, 11, 13, 17]]) {
    const sum = normalised(weights).reduce((total, share) => total + share, 0);
    assert.ok(Math.abs(sum - 1) < 1e-12);
  }
});

test("presets", () => {
  assert.deepEqual(even(4, [1, 3]), [0, 50, 0, 50]);
  assert.deepEqual(likeliest([0.1, 0.6, 0.3], 2), [1, 2]);
  assert.deepEqual(likeliest([0.5, 0.5], 1), [0]);
  assert.deepEqual(hundredths([0.335, 0.665]), [34, 67]);
});

test("the mean of labels and distributions; skips do not count", () => {
  assert.deepEqual(mean([{ label: 0 }, { label: 1 }, { distribution: [0.5, 0.5] }, { label: null }], 2), [0.5, 0.5]);
  assert.equal(mean([{ label: null }], 2), null);
});
