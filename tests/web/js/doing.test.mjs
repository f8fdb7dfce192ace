import assert from "node:assert/strict";
import { test } from "node:test";

import { nothing } from "../../../src/s2c2/web/static/logic/selection.mjs";
import { Doing } from "../../../src/s2c2/web/static/page/doing.mjs";
import { Store } from "../../../src/s2c2/web/static/page/store.mjs";

function shelf() {
  const kept = new Map();
  return {
    get length() { return kept.size; },
    key: (at) => [...kept.keys()][at] ?? null,
    getItem: (name) => kept.get(name) ?? null,
    removeItem: (name) => { kept.delete(name); },
    setItem: (name, text) => { kept.set(name, text); },
  };
}

/** A page on one plain group, and a server on which another person acts between any two acts of this one. */
function page(images = 40) {
  const members = Array.from({ length: images }, (_, id) => ({ id, answer: null, misfit: false, flag: false }));
  const summary = { group: "all", name: "all", kind: "plain", size: images, open: images, done: false, version: 0 };
  const group = { id: "all", name: "all", kind: "plain", version: 0, suggestion: null, members, pages: new Set([0]) };
  const store = new Store({
    session: { scope: "shared/1/none", dataset: "d", classes: [{ name: "a" }, { name: "b" }], board: true, annotator: "ann" },
    view: "groups", queue: [summary], progress: { images, answered: 0, groups: 1, done: 0 }, group, opening: null,
    selection: nothing(images), active: 0, acts: 0, unsaved: 0, disputes: 0, refusals: [], elsewhere: false, emptied: null,
  });
  const sent = [];
  const opened = [];
  const act = async (one) => {
    sent.push(one);
    const seq = 2 * sent.length;
    return { status: 201, body: { seq, group: { ...store.state.queue[0], version: seq }, next: null, at: null, undo: true, redo: false } };
  };
  const loading = { ahead: new Map(), queue: async () => true, open: async (id) => { opened.push(id); return true; } };
  globalThis.localStorage = shelf();
  const doing = new Doing({ store, api: { act }, loading, clock: { take: () => ({ active: 1, wall: 1 }) }, tab: "t", prefix: "p.", login() {} });
  const settled = async () => {
    do await new Promise((passed) => { setTimeout(passed, 1); });
    while (doing.outbox.unsaved);
    clearTimeout(doing.timer);
  };
  return { store, doing, sent, opened, settled };
}

test("acts say what the page has seen, however much it did since: another person may have acted between", async () => {
  const { store, doing, sent, settled } = page();
  doing.do("label", { images: [1], label: 0 });
  await settled();
  assert.equal(store.state.queue[0].version, 2);
  assert.equal(store.state.group.version, 0);
  for (const image of [2, 3]) doing.do("label", { images: [image], label: 0 });
  await settled();
  assert.deepEqual(sent.map(({ version }) => version), [0, 0, 0]);
});

test("what undo shows again is as it was seen then", async () => {
  const { store, doing, sent, settled } = page();
  doing.do("label", { images: [1], label: 0 });
  await settled();
  doing.undo();
  doing.do("label", { images: [2], label: 0 });
  assert.equal(store.state.group.version, 0);
  await settled();
  assert.deepEqual(sent.map(({ act, version, target_seq }) => [act, version, target_seq]), [["label", 0, null], ["undo", null, 2], ["label", 0, null]]);
});

test("the state of the group before an act is kept for the last acts only; undo goes on without it", async () => {
  const { store, doing, sent, opened, settled } = page();
  for (let image = 0; image < 30; image += 1) {
    doing.do("label", { images: [image], label: 0 });
    await settled();
  }
  assert.equal(doing.past.filter(({ before }) => before).length, 20);
  for (let undone = 1; undone <= 20; undone += 1) {
    doing.undo();
    assert.equal(store.state.group.members.filter(({ answer }) => answer).length, 30 - undone);
    await settled();
  }
  opened.length = 0;
  doing.undo();
  await settled();
  assert.deepEqual(opened, ["all"]);
  assert.deepEqual([sent.at(-1).act, sent.at(-1).target_seq], ["undo", 20]);
});

test("a group that was split into parts leads to its first part", async () => {
  const { doing, opened, store, settled } = page();
  doing.loading.queue = async () => {
    const parts = ["split-2-1", "split-2-2"].map((group) => ({ ...store.state.queue[0], group, kind: "split" }));
    store.set({ queue: [{ ...store.state.queue[0], group: "other" }, ...parts] });
    return true;
  };
  doing.do("recluster", { group: "all", images: null, parts: 2 });
  await settled();
  assert.deepEqual(opened, ["split-2-1"]);
});
