import assert from "node:assert/strict";
import { test } from "node:test";

import { BUTTONS, EDGE, KINDS, TOUCHES, WORDS, aim, tapping } from "../../../src/s2c2/web/static/logic/terms.mjs";
import { OF } from "../../../src/s2c2/web/static/page/toolbar.mjs";

test("each act of a view has a name and an explanation of its own", () => {
  for (const acts of Object.values(OF)) for (const act of acts) assert.ok(BUTTONS[act]?.every(Boolean), act);
  const said = Object.values(BUTTONS).flat();
  assert.equal(new Set(said).size, said.length);
});

test("kinds of groups and marks of images are among the words that are explained", () => {
  for (const one of [...Object.values(KINDS), EDGE]) assert.ok(WORDS.includes(one), one[0]);
  assert.equal(new Set(WORDS.map(([word]) => word)).size, WORDS.length);
  assert.ok(TOUCHES.some(([what]) => what === "Range"));
});

test("what the next act is for is said in keys, or in buttons where there are none", () => {
  const none = { chosen: 0, out: false, open: 1200, size: 1300 };
  assert.equal(aim(none, false), "Nothing selected: keys act on all 1,200 open");
  assert.equal(aim(none, true), "Nothing selected: buttons act on all 1,200 open");
  assert.equal(aim({ ...none, open: 0 }, true), "Nothing selected, every image has an answer");
  assert.equal(aim({ ...none, open: 0, size: 0 }, false), "Nothing selected, no image is left");
  assert.equal(aim({ ...none, chosen: 1 }, true), "1 image selected");
  assert.equal(aim({ ...none, chosen: 2, out: true }, false), "2 images taken out as not fitting");
});

test("what a tap does is said for each state of a range", () => {
  assert.deepEqual([null, -1, 0, 7].map((range) => tapping(range).split(/[:.]/)[0]), ["Tap to select, hold to see large", "Range", "Range", "Range"]);
  assert.match(tapping(-1), /first/);
  assert.match(tapping(0), /last/);
});
