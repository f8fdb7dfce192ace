import assert from "node:assert/strict";
import { test } from "node:test";

import { clock } from "../../../src/s2c2/web/static/page/watching.mjs";

/** A browser whose page is opened and left. */
function browser() {
  const kept = new Map();
  const heard = [];
  globalThis.sessionStorage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, text) => kept.set(name, text), removeItem: (name) => kept.delete(name) };
  globalThis.document = { hidden: false, addEventListener: () => undefined };
  globalThis.addEventListener = (kind, listener) => heard.push({ kind, listener });
  return { kept, leave: () => { for (const { kind, listener } of heard.splice(0)) if (kind === "pagehide") listener(); } };
}

test("time goes on after a reload, and counts once where the page then ends without a word", () => {
  const { kept, leave } = browser();
  kept.set("clock", JSON.stringify({ active: 20, wall: 30 }));
  clock(30, "clock");
  leave();
  assert.ok(JSON.parse(kept.get("clock")).active >= 20);
  assert.ok(clock(30, "clock").take().active >= 20);
  const { active, wall } = clock(30, "clock").read();
  assert.ok(active < 1 && wall < 1);
});
