import assert from "node:assert/strict";
import { test } from "node:test";

import {
  apart, carried, cleared, everything, inverted, nothing, only, pointed, positions, ranged, spanning, tapped, target, toggled,
} from "../../../src/s2c2/web/static/logic/selection.mjs";

test("a click selects one image and moves the anchor", () => {
  const one = only(only(nothing(9), 2), 5);
  assert.deepEqual(positions(one), [5]);
  assert.equal(one.anchor, 5);
});

test("ctrl adds and takes out, and keeps the others", () => {
  const two = toggled(only(nothing(9), 2), 5);
  assert.deepEqual(positions(two), [2, 5]);
  assert.deepEqual(positions(toggled(two, 2)), [5]);
});

test("shift selects from the anchor, in both directions, and shrinks again", () => {
  const start = only(nothing(20), 10);
  assert.deepEqual(positions(ranged(start, 13)), [10, 11, 12, 13]);
  assert.deepEqual(positions(ranged(ranged(start, 13), 11)), [10, 11]);
  assert.deepEqual(positions(ranged(start, 8)), [8, 9, 10]);
});

test("ctrl and shift together keep what was selected elsewhere", () => {
  const far = toggled(only(nothing(20), 1), 10);
  assert.deepEqual(positions(ranged(far, 12, true)), [1, 10, 11, 12]);
});

test("taps add an image or take it out, and the two taps of a range add it and end it", () => {
  const one = tapped(tapped(tapped(nothing(20), 1), 4), 4);
  assert.deepEqual(positions(one), [1]);
  const first = tapped(spanning(one), 10);
  assert.deepEqual([positions(first), first.range], [[1, 10], 10]);
  const last = tapped(first, 7);
  assert.deepEqual([positions(last), last.range], [[1, 7, 8, 9, 10], null]);
  assert.deepEqual(positions(tapped(last, 8)), [1, 7, 9, 10], "single ones again");
  assert.deepEqual(positions(tapped(tapped(spanning(last), 8), 8)), [1, 7, 8, 9, 10], "nothing is taken out");
  assert.deepEqual(positions(tapped(tapped(spanning(nothing(3)), 0), 9)), [0, 1, 2]);
});

test("a range is given up by its button, and by what changes the whole selection", () => {
  const begun = spanning(nothing(9));
  assert.equal(begun.range, -1);
  assert.equal(spanning(tapped(begun, 3)).range, null);
  for (const change of [cleared, everything, inverted, () => nothing(9)]) assert.equal(change(tapped(begun, 3)).range, null);
  assert.equal(tapped(spanning(nothing(0)), 0).chosen.size, 0);
});

test("a range goes on from its first image wherever that is now, and begins anew without it", () => {
  const of = (...ids) => ids.map((id) => ({ id }));
  const half = tapped(spanning(nothing(4)), 2);
  assert.equal(carried(half, of(7, 8, 9, 5), of(9, 8, 7)).range, 0);
  assert.equal(carried(half, of(7, 8, 9, 5), of(7, 8)).range, -1);
  assert.equal(carried(spanning(nothing(4)), of(7, 8, 9, 5), of(7)).range, -1);
  assert.equal(carried(nothing(4), of(7, 8, 9, 5), of(7)).range, null);
});

test("all, inverted and cleared", () => {
  const three = toggled(toggled(only(nothing(5), 0), 2), 4);
  assert.deepEqual(positions(inverted(three)), [1, 3]);
  assert.equal(everything(three).chosen.size, 5);
  assert.equal(inverted(everything(three)).chosen.size, 0);
  assert.equal(cleared(three).chosen.size, 0);
  assert.equal(cleared(three).cursor, three.cursor);
});

test("an empty group can be selected in any way and stays empty", () => {
  for (const change of [everything, inverted, cleared, (one) => only(one, 3), (one) => ranged(one, 3), (one) => toggled(one, 3)]) {
    const after = change(nothing(0));
    assert.equal(after.chosen.size, 0);
    assert.equal(after.cursor, -1);
  }
});

test("moving with ctrl leaves the selection", () => {
  const moved = pointed(only(nothing(9), 2), 7);
  assert.deepEqual(positions(moved), [2]);
  assert.equal(moved.cursor, 7);
});

test("arrows move by one and by a row, and stop at the edges", () => {
  const at = (cursor) => ({ ...nothing(11), cursor });
  assert.equal(target(at(5), "down", 4), 9);
  assert.equal(target(at(5), "up", 4), 1);
  assert.equal(target(at(1), "up", 4), 1);
  assert.equal(target(at(9), "down", 4), 9);
  assert.equal(target(at(0), "left", 4), 0);
  assert.equal(target(at(10), "right", 4), 10);
  assert.equal(target(at(5), "home", 4), 0);
  assert.equal(target(at(5), "end", 4), 10);
  assert.equal(target(at(1), "pagedown", 4, 2), 9);
  assert.equal(target(at(9), "pageup", 4, 9), 0);
});

test("a value is never changed in place", () => {
  const before = only(nothing(9), 2);
  toggled(before, 3);
  ranged(before, 8);
  assert.deepEqual(positions(before), [2]);
});

test("a group that comes anew keeps the images that were selected, wherever they are now", () => {
  const of = (...ids) => ids.map((id) => (id === null ? undefined : { id }));
  const two = toggled(only(nothing(4), 1), 3);
  const chosen = (before, after) => positions(carried(two, before, after));
  assert.deepEqual(chosen(of(7, 8, 9, 5), of(7, 8, 9, 5)), [1, 3]);
  assert.deepEqual(chosen(of(7, 8, 9, 5), of(5, 7, 9)), [0], "one left, one moved");
  assert.deepEqual(chosen(of(7, 8, 9, 5), of(6, 8, 9, 7)), [1], "one left, another came");
  assert.deepEqual(chosen(of(7, 8, 9, 5), of(7, 8, null, null)), [1], "not loaded: not known to be the same");
  assert.deepEqual(chosen(of(7, 8, 9, 5), of(8, 7, 5, 9)), [0, 2]);
  assert.deepEqual(positions(carried(nothing(4), of(7, 8, 9, 5), of(7, 8, 9, 5))), []);
});

test("the cursor stays on its image, or near it when the image left", () => {
  const of = (...ids) => ids.map((id) => ({ id }));
  const last = pointed(nothing(4), 3);
  assert.equal(carried(last, of(7, 8, 9, 5), of(7, 5, 9)).cursor, 1);
  assert.equal(carried(last, of(7, 8, 9, 5), of(7, 8)).cursor, 1);
  assert.equal(carried(last, of(7, 8, 9, 5), []).cursor, -1);
});

test("a range goes on from its first image when the group comes anew", () => {
  const of = (...ids) => ids.map((id) => ({ id }));
  const members = of(7, 8, 9, 5, 6);
  const range = ranged(ranged(only(nothing(5), 1), 2), 3);
  const longer = (after) => { const kept = carried(range, members, after); return positions(ranged(kept, target(kept, "right", 4))); };
  assert.deepEqual(longer(members), [1, 2, 3, 4]);
  assert.deepEqual(longer(of(8, 9, 5, 6)), [0, 1, 2, 3]);
  const back = carried(ranged(only(nothing(5), 3), 1), members, members);
  assert.deepEqual([back.cursor, back.anchor], [1, 3]);
});

test("what was taken out is selected by itself only", () => {
  const out = (at) => at < 2;
  assert.deepEqual(positions(apart(everything(nothing(4)), out)), [2, 3]);
  const both = toggled(only(nothing(4), 0), 1);
  assert.equal(apart(both, out), both);
});
