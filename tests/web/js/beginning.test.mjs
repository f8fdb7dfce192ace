import assert from "node:assert/strict";
import { test } from "node:test";

import { beginning } from "../../../src/s2c2/web/static/logic/beginning.mjs";

const PLAIN = { kind: "plain", size: 1000 };
const session = (annotator, more = {}) => ({ annotator, scope: "shared/1/none", team: true, ...more });

test("people of a team begin at different images, the same ones each time", () => {
  const names = ["ada", "bob", "eve", "mallory", "zoë"];
  const places = names.map((name) => beginning(session(name), PLAIN));
  assert.deepEqual(places, [461, 974, 757, 679, 866]);
  const sorted = [...places].sort((one, other) => one - other);
  sorted.slice(1).forEach((place, at) => assert.ok(place - sorted[at] > 20));
});

test("names are spread over the whole group, also names that are alike", () => {
  const parts = new Array(10).fill(0);
  for (let n = 0; n < 1000; n += 1) parts[Math.floor(beginning(session(`user${n}`), PLAIN) / 100)] += 1;
  for (const count of parts) assert.ok(count > 60 && count < 140, String(parts));
});

test("who is alone, who has a board of their own and who has proposals begins at the first image", () => {
  assert.equal(beginning(session("ada", { team: false }), PLAIN), 0);
  assert.equal(beginning(session("ada", { scope: "ada/1/none" }), PLAIN), 0);
  assert.equal(beginning(session("ada"), { kind: "class", size: 1000 }), 0);
  assert.equal(beginning(session("ada"), { kind: "plain", size: 0 }), 0);
});
