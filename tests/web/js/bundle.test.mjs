import assert from "node:assert/strict";
import test from "node:test";

import { Bundle, portions } from "../../../src/s2c2/web/static/logic/bundle.mjs";

const number = (value) => [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const record = (id, kind, data) => [...number(id), ...number(kind), ...number(data.length), ...data];
const ANSWER = Uint8Array.from([...record(7, 1, [1, 2, 3]), ...record(70000, 0, []), ...record(8, 2, [255]), ...record(9, 3, [])]);
const EXPECTED = [[7, "image/webp", [1, 2, 3]], [70000, null, []], [8, "image/png", [255]], [9, "image/jpeg", []]];

const plain = (found) => found.map(({ id, type, data }) => [id, type, [...data]]);

test("pictures are cut out of an answer", () => {
  assert.deepEqual(plain(new Bundle().take(ANSWER)), EXPECTED);
});

test("an answer may arrive in parts that end anywhere", () => {
  for (let size = 1; size < ANSWER.length; size += 1) {
    const bundle = new Bundle();
    const found = [];
    for (let at = 0; at < ANSWER.length; at += size) found.push(...bundle.take(ANSWER.slice(at, at + size)));
    assert.deepEqual(plain(found), EXPECTED);
    assert.equal(bundle.rest.length, 0);
  }
});

test("of an answer that is cut off, the last picture is missing", () => {
  assert.deepEqual(plain(new Bundle().take(ANSWER.slice(0, 20))), EXPECTED.slice(0, 1));
});

test("a kind that is not known is as a broken file", () => {
  assert.deepEqual(plain(new Bundle().take(Uint8Array.from(record(1, 4, [5])))), [[1, null, [5]]]);
});

test("ids are asked for in portions", () => {
  assert.deepEqual(portions([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
  assert.deepEqual(portions([1, 2], 2), [[1, 2]]);
  assert.deepEqual(portions([], 2), []);
});
