import assert from "node:assert/strict";
import { test } from "node:test";

import { hindrance, made, member } from "../../../src/s2c2/web/static/logic/acts.mjs";
import { answersGained, common, countsAfter, listed, membersAfter, neighbour, nextOpen, openOf } from "../../../src/s2c2/web/static/logic/board.mjs";

const when = { key: "k", at: "now", scope: "shared/1/s2c2", tab: "t", dataset: "d", seconds: { active: 1, wall: 2 } };
const act = (name, more = {}) => made({ act: name, group: "cluster-1", ...more }, when);
const members = () => [0, 1, 2, 3].map((id) => member({ id, answer: id === 3 ? { label: 1 } : null }));
const said = (list) => list.map((one) => one.answer?.label ?? (one.answer?.skip ? "skip" : one.answer ? "soft" : null));

test("accepting gives the suggestion to what is open", () => {
  assert.deepEqual(said(membersAfter(members(), act("accept"), 0)), [0, 0, 0, 1]);
});

test("labeling a selection changes only that, answered or not", () => {
  assert.deepEqual(said(membersAfter(members(), act("label", { images: [0, 3], label: 2 }), 0)), [2, null, null, 2]);
});

test("misfits are left out when the group is accepted", () => {
  const without = membersAfter(members(), act("misfit", { images: [1] }), 0);
  assert.equal(without[1].misfit, true);
  assert.equal(membersAfter(members(), act("misfit", { images: [3] }), 0)[3].answer, null);
  assert.deepEqual(said(membersAfter(without, act("accept"), 0)), [0, null, 0, 1]);
});

test("a misfit that fits again is open", () => {
  const without = membersAfter(members(), act("misfit", { images: [1] }), 0);
  assert.equal(membersAfter(without, act("grow", { images: [1] }), 0)[1].misfit, false);
  assert.deepEqual(membersAfter(without, act("grow", { images: [1], label: 2 }), 0)[1].answer, { label: 2 });
});

test("a flag is no answer", () => {
  const [first] = membersAfter(members(), act("flag", { images: [0] }), 0);
  assert.equal(first.flag, true);
  assert.equal(first.answer, null);
});

test("images that are split off are gone, those not loaded stay", () => {
  const some = [...members(), undefined];
  assert.equal(membersAfter(some, act("split", { images: [0, 1] }), 0).length, 3);
});

test("the counts that are shown at once", () => {
  const group = { size: 4, open: 3, done: false };
  const list = members();
  const count = (what) => countsAfter(group, what, openOf(list, what));
  assert.deepEqual(count(act("accept")), { size: 4, open: 0, done: true });
  assert.deepEqual(count(act("label", { images: [0, 3], label: 1 })), { size: 4, open: 2, done: false });
  assert.deepEqual(count(act("split", { images: [0, 1] })), { size: 2, open: 1, done: false });
  assert.deepEqual(count(act("misfit", { images: [0, 3] })), { size: 2, open: 2, done: false });
  assert.deepEqual(count(act("flag")), group);
  assert.deepEqual(count(act("finish")), { size: 4, open: 3, done: true });
});

test("what joins a group that was given one class is given it too", () => {
  const group = { size: 4, open: 0, done: true };
  const ring = members().map((one) => ({ ...one, answer: { label: 1 } }));
  assert.equal(common(group, ring), 1);
  assert.equal(common(group, [...ring, undefined]), 1);
  assert.equal(common({ ...group, open: 1 }, ring), null);
  assert.equal(common(group, [...ring, member({ id: 9, answer: { skip: true } })]), null);
  assert.equal(common(group, [...ring, member({ id: 9, misfit: true })]), 1);
  assert.equal(common(group, ring.map((one) => ({ ...one, answer: { distribution: [0.5, 0.5] } }))), null);
  assert.equal(common(group, []), null);
  assert.deepEqual(countsAfter(group, act("grow", { images: [7, 8], label: 1 }), 0), { size: 6, open: 0, done: true });
  assert.deepEqual(countsAfter(group, act("grow", { images: [7, 8] }), 0), { size: 6, open: 2, done: false });
  assert.equal(answersGained(group, ring, act("grow", { images: [7, 8], label: 1 })), 2);
});

test("the next open group, round the end, and none when all are done", () => {
  const queue = [["a", 1], ["b", 0], ["c", 2]].map(([group, open]) => ({ group, open, done: open === 0 }));
  assert.equal(nextOpen(queue, "a"), "c");
  assert.equal(nextOpen(queue, "c"), "a");
  assert.equal(nextOpen(queue, null), "a");
  assert.equal(nextOpen([{ group: "a", open: 1, done: false }], "a"), null);
  assert.equal(neighbour(queue, "a", -1), "c");
  assert.equal(neighbour([], "a", 1), null);
  assert.deepEqual([neighbour(queue, "gone", 1), neighbour(queue, "gone", -1)], ["a", "c"]);
});

test("images that only change their group are as answered as before", () => {
  const [group, one] = [{ open: 3, size: 4, done: false }, { images: [1] }];
  for (const name of ["misfit", "split", "grow", "flag"]) assert.equal(answersGained(group, members(), act(name, one)), 0, name);
  for (const name of ["merge", "recluster", "finish"]) assert.equal(answersGained(group, members(), act(name)), 0, name);
  assert.equal(answersGained(group, members(), act("label", { images: [1, 3], label: 0 })), 1);
  assert.equal(answersGained({ ...group, open: 700 }, members(), act("skip")), 700);
  assert.equal(answersGained(group, members(), act("misfit", { images: [1, 3] })), -1);
});

test("a group that another person works on comes only where no other is open", () => {
  const group = (name, who) => ({ group: name, open: 1, done: false, lease: who && { who } });
  const queue = [group("a", null), group("b", "ben"), group("c", "ann"), group("d", null)];
  assert.equal(nextOpen(queue, "a", "ann"), "c");
  assert.equal(nextOpen(queue, "a", "eve"), "d");
  assert.equal(nextOpen([group("a", null), group("b", "ben")], "a", "ann"), "b");
});

test("a group that the list has no more is as it was seen", () => {
  const group = { id: "a", name: "A", kind: "cluster", version: 3, members: members() };
  const seen = { group: "a", name: "A", kind: "cluster", version: 3, size: 4, open: 3, done: false };
  assert.deepEqual(listed([{ group: "b" }], group), seen);
  assert.deepEqual(listed([{ group: "a", open: 1 }], group), { group: "a", open: 1 });
  assert.equal(listed([{ group: "a" }], null), undefined);
  const empty = listed([], { ...group, members: membersAfter(members(), act("misfit", { images: [0, 1, 2, 3] }), 0) });
  assert.equal(empty.size, 0);
  assert.match(hindrance("label", null, { ...empty, suggestion: null }), /^No image is left/);
});

test("what cannot be done is said in a sentence", () => {
  const group = { suggestion: null, open: 3, kind: "cluster" };
  assert.match(hindrance("accept", null, group), /no suggestion/);
  assert.match(hindrance("misfit", null, group), /Select/);
  assert.match(hindrance("label", null, { ...group, open: 0 }), /has an answer/);
  assert.equal(hindrance("label", [1], { ...group, open: 0 }), null);
  const some = membersAfter(members(), act("misfit", { images: [1, 3] }), 0);
  assert.match(hindrance("label", [1], { ...group, members: some }), /^You took this image out/);
  assert.match(hindrance("skip", [1, 3], { ...group, members: some }), /^You took these images out/);
  assert.equal(hindrance("label", [0], { ...group, members: some }), null);
  assert.equal(hindrance("grow", [1], { ...group, members: some }), null);
  assert.match(hindrance("misfit", [1], { ...group, kind: "misfits" }), /left over already/);
});

test("an answer of the server without label, distribution or skip is none", () => {
  assert.equal(member({ id: 1, answer: { flag: true } }).answer, null);
  assert.equal(member({ id: 1, answer: { skip: true } }).answer.skip, true);
});
