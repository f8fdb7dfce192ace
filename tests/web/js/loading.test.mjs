import assert from "node:assert/strict";
import { test } from "node:test";

import { Loading, PAGE, grouped } from "../../../src/s2c2/web/static/page/loading.mjs";
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
