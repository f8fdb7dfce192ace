import assert from "node:assert/strict";
import { test } from "node:test";

import { choices, closeness, matching } from "../../../src/s2c2/web/static/logic/search.mjs";

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

test("a class that somebody said comes first in review, with its share, also beyond the twelfth", () => {
  const classes = named(...Array.from({ length: 14 }, (_, at) => `class ${at}`));
  const shares = classes.map((_, at) => ({ 2: 0.25, 13: 0.75 }[at] ?? 0));
  const found = choices(classes, (at) => (at < 9 ? String(at + 1) : ""), shares);
  assert.deepEqual(found.slice(0, 4), [
    { name: "class 13", index: 13, said: true, detail: "75 % of the answers" }, { name: "class 2", index: 2, said: true, detail: "25 % of the answers" },
    { name: "class 0", index: 0, said: false, detail: "1" }, { name: "class 1", index: 1, said: false, detail: "2" },
  ]);
  assert.equal(found.length, 14);
});

test("outside review the classes stay in their order, each with the key that a person gave it", () => {
  const found = choices(named("cat", "dog"), (at) => ["Q", ""][at]);
  assert.deepEqual(found.map(({ name, said, detail }) => [name, said, detail]), [["cat", false, "Q"], ["dog", false, ""]]);
});
