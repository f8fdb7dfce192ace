import assert from "node:assert/strict";
import { test } from "node:test";

import { clock, neighbours } from "../../../src/s2c2/web/static/page/watching.mjs";

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

/** A page on a group, the acts of its board as `[number, whose, group]`, and a look at what others did. */
function shown() {
  const acts = [];
  const asked = { queue: 0, group: 0 };
  const state = { session: { seq: 0 }, seq: 0, unsaved: 0, elsewhere: false, queue: [{ group: "mine" }], group: { id: "mine", version: 0, members: [] } };
  const set = (part) => { Object.assign(state, part); };
  const api = { ask: async (path) => {
    const after = Number(/after=(\d+)/.exec(path)[1]);
    const found = acts.filter(([number, who]) => number > after && who !== "me");
    return { status: 200, body: { seq: acts.length, changed: [...new Set(found.map(([, , group]) => group))], last: Math.max(0, ...found.map(([number]) => number)) } };
  } };
  const queue = async () => { asked.queue += 1; set({ seq: acts.length }); };
  const open = async () => { asked.group += 1; state.group.version = acts.length; };
  let look;
  globalThis.document = { hidden: false };
  const real = globalThis.setInterval;
  globalThis.setInterval = (found) => { look = found; };
  neighbours({ store: { state, set }, api, loading: { queue, open, board: () => "", away: false }, doing: { tab: "t" }, pictures: () => undefined });
  globalThis.setInterval = real;
  const act = (who, group) => acts.push([acts.length + 1, who, group]);
  return { act, queue, look: async () => { Object.assign(asked, { queue: 0, group: 0 }); await look(); return { ...asked }; } };
}

test("the list of groups is read anew where others acted since it was read, and only then", async () => {
  const { act, queue, look } = shown();
  assert.deepEqual(await look(), { queue: 0, group: 0 });
  act("other", "theirs");
  assert.deepEqual(await look(), { queue: 1, group: 0 });
  act("me", "mine");
  assert.deepEqual(await look(), { queue: 0, group: 0 });
  act("other", "theirs");
  await queue();
  assert.deepEqual(await look(), { queue: 0, group: 0 });
});

test("the group on the screen is shown anew where others acted on it since it was shown, also when the list was read meanwhile", async () => {
  const { act, queue, look } = shown();
  act("other", "mine");
  await queue();
  assert.deepEqual(await look(), { queue: 0, group: 1 });
  assert.deepEqual(await look(), { queue: 0, group: 0 });
  act("other", "mine");
  act("other", "theirs");
  assert.deepEqual(await look(), { queue: 1, group: 1 });
});
