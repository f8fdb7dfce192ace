import assert from "node:assert/strict";
import { test } from "node:test";

import { Loading, PAGE, grouped } from "../../../src/s2c2/web/static/page/loading.mjs";
import { nothing, only, pointed, positions, ranged } from "../../../src/s2c2/web/static/logic/selection.mjs";
import { Store } from "../../../src/s2c2/web/static/page/store.mjs";

/** A group of as many pages, of which the first is there, and a server that counts what is asked at the same time. */
function opened(pages) {
  const total = pages * PAGE;
  const page = (offset) => ({ group: "all", total, members: Array.from({ length: PAGE }, (_, at) => ({ id: offset + at })) });
  const store = new Store({ session: { scope: "shared/1/none" }, group: grouped(page(0)) });
  const asked = { now: 0, most: 0, count: 0 };
  const ask = async (path) => {
    asked.count += 1;
    asked.most = Math.max(asked.most, asked.now += 1);
    await new Promise((passed) => { setTimeout(passed, 1); });
    asked.now -= 1;
    return { status: 200, body: page(Number(/offset=(\d+)/.exec(path)[1])) };
  };
  return { store, asked, loading: new Loading(store, { ask }, null, () => undefined) };
}

test("all pages of a large group are asked for, a few at a time", async () => {
  const { store, asked, loading } = opened(40);
  await loading.need(0, 40 * PAGE);
  assert.deepEqual(asked, { now: 0, most: 4, count: 39 });
  assert.ok(store.state.group.members.every((one, at) => one?.id === at));
});

test("a group that is left is not loaded any further", async () => {
  const { store, asked, loading } = opened(40);
  const done = loading.need(0, 40 * PAGE);
  store.set({ group: null });
  await done;
  assert.equal(asked.count, 4);
});

/** The same group, with the selection that a page has. */
async function shown(pages, selection, [first, last]) {
  const found = opened(pages);
  found.store.set({ queue: [], opening: null, emptied: null, selection });
  await found.loading.see(first, last);
  return found;
}

test("a group that comes anew has its members at the cursor and in sight, and no others that were there", async () => {
  const { store, asked, loading } = await shown(40, pointed(nothing(40 * PAGE), 7100), [12000, 12600]);
  await loading.need(7100, 7101);
  asked.count = 0;
  await loading.open("all", { fresh: true });
  const { group, selection } = store.state;
  assert.deepEqual([...group.pages].sort((a, b) => a - b), [0, 13, 14, 15, 24, 25]);
  assert.equal(asked.count, 6);
  assert.deepEqual([selection.cursor, group.members[7100].id, group.members[12599].id], [7100, 7100, 12599]);
});

test("a range goes on from its first image after a group came anew, also on another page", async () => {
  const range = ranged(only(nothing(40 * PAGE), 7499), 9010);
  const { store, loading } = await shown(40, range, [7499, 9011]);
  await loading.open("all", { fresh: true });
  assert.equal(store.state.selection.anchor, 7499);
  assert.equal(positions(ranged(store.state.selection, 9011)).length, 1513);
});
