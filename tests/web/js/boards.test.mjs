import assert from "node:assert/strict";
import { test } from "node:test";

import { moved, over, said } from "../../../src/s2c2/web/static/logic/boards.mjs";

const study = { name: "pilot", rounds: 2, board: 2, boards: 6, left: 240, waits: null, finished: false };
const session = (scope, more = {}) => ({ scope, round: 1, study: { ...study, ...more } });

test("a board is over when all its groups are done", () => {
  assert.equal(over({ groups: 3, done: 3 }), true);
  assert.equal(over({ groups: 3, done: 2 }), false);
  assert.equal(over({ groups: 0, done: 0 }), false);
  assert.equal(over(null), false);
});

test("the server moves on to another board, to a break, or to the end", () => {
  const here = session("ann/1/none");
  assert.equal(moved(here, session("ann/1/none")), false);
  assert.equal(moved(here, session("ann/1/ssl")), true);
  assert.equal(moved(here, session("ann/1/none", { waits: "round 2 starts later" })), true);
  assert.equal(moved(here, session("ann/1/none", { finished: true })), true);
  assert.equal(moved(here, { scope: "shared/1/s2c2", round: 1, study: null }), false);
});

test("what is next", () => {
  assert.deepEqual(said(session("ann/1/ssl")), {
    title: "Board 1 of 6 is done.",
    text: "Next: board 2, round 1 of 2, 240 images. Time counts again when you go on.",
    button: "Go on",
  });
  const waiting = said(session("ann/1/ssl", { board: 3, waits: "round 2 starts 7 days after round 1" }));
  assert.deepEqual([waiting.title, waiting.text], ["Board 3 of 6 is done.", "Round 2 starts 7 days after round 1."]);
  assert.equal(said(session("ann/2/ssl", { board: 6, finished: true })).button, null);
});
