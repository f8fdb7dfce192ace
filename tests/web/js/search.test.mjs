import assert from "node:assert/strict";
import { test } from "node:test";

import { closeness, matching } from "../../../src/s2c2/web/static/logic/search.mjs";

const named = (...names) => names.map((name) => ({ name }));

test("what starts so comes before what contains it", () => {
  const found = matching(named("polecat", "wild cat", "caterpillar", "cat", "dog"), "cat").map((one) => one.name);
  assert.deepEqual(found, ["cat", "caterpillar", "wild cat", "polecat"]);
});

test("letters in order are enough, in any case", () => {
  assert.equal(closeness("Caterpillar", "CPR"), 4);
  assert.equal(closeness("cat", "tac"), null);
});

test("nothing typed leaves all, nothing found leaves none", () => {
  assert.equal(matching(named("a", "b"), "  ").length, 2);
  assert.equal(matching(named("a", "b"), "z").length, 0);
});
