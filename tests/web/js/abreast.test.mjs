import assert from "node:assert/strict";
import { test } from "node:test";

import { abreast } from "../../../src/s2c2/web/static/logic/abreast.mjs";

test("everything is done, in order, and no more than a few at a time", async () => {
  let [now, most] = [0, 0];
  const begun = [];
  await abreast(Array.from({ length: 50 }, (_, at) => at), 4, async (item) => {
    begun.push(item);
    most = Math.max(most, now += 1);
    await new Promise((passed) => { setTimeout(passed, item % 3); });
    now -= 1;
  });
  assert.deepEqual(begun, Array.from({ length: 50 }, (_, at) => at));
  assert.deepEqual([now, most], [0, 4]);
});

test("nothing to do is done at once", async () => {
  await abreast([], 4, () => assert.fail());
});
