import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock } from "../../../src/s2c2/web/static/logic/clock.mjs";

/** A clock that is set by hand, in seconds. */
function hands(carried) {
  const hand = { seconds: 100 };
  const clock = new Clock(() => hand.seconds * 1000, 30, carried);
  return { clock, at: (seconds) => { hand.seconds = 100 + seconds; } };
}

test("a gap counts up to the idle limit", () => {
  const { clock, at } = hands();
  at(10);
  clock.touch();
  at(100);
  clock.touch();
  at(105);
  assert.deepEqual(clock.take(), { active: 10 + 30 + 5, wall: 105 });
});

test("taking starts again", () => {
  const { clock, at } = hands();
  at(7);
  clock.take();
  at(9);
  assert.deepEqual(clock.take(), { active: 2, wall: 2 });
});

test("hidden time is wall time only", () => {
  const { clock, at } = hands();
  at(4);
  clock.hide();
  at(14);
  clock.touch();
  at(24);
  clock.show();
  at(26);
  assert.deepEqual(clock.take(), { active: 6, wall: 26 });
});

test("time of before a reload is carried", () => {
  const { clock, at } = hands({ active: 3, wall: 8 });
  at(2);
  assert.deepEqual(clock.take(), { active: 5, wall: 10 });
});

test("nonsense is not carried, and a clock that goes back adds nothing", () => {
  const { clock, at } = hands({ active: -4, wall: Number.NaN });
  at(-50);
  clock.touch();
  assert.deepEqual(clock.read(), { active: 0, wall: 0 });
});

test("active time is never more than wall time", () => {
  const { clock, at } = hands({ active: 50, wall: 1 });
  at(1);
  assert.deepEqual(clock.read(), { active: 2, wall: 2 });
});

test("active time is never more than wall time, whatever a page does between two acts", () => {
  const { clock, at } = hands();
  let [seconds, seed] = [0, 1];
  const chance = () => { seed = (seed * 48271) % 2147483647; return seed / 2147483647; };
  const deeds = [() => clock.touch(), () => clock.hide(), () => clock.show(), () => clock.take(), () => clock.read()];
  let carried = clock;
  for (let turn = 0; turn < 2000; turn += 1) {
    at(seconds += 40 * chance() ** 3);
    deeds[Math.floor(deeds.length * chance())]();
    if (chance() < 0.05) carried = new Clock(clock.now, 30, carried.read());
    carried.touch();
    for (const { active, wall } of [clock.read(), carried.read()]) assert.ok(active <= wall);
  }
});
