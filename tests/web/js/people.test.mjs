import assert from "node:assert/strict";
import { test } from "node:test";

import { day, ended, minute, standing } from "../../../src/s2c2/web/static/logic/people.mjs";

const MOMENT = "2026-03-09T12:00:00+00:00";

test("a day is written out, none is a dash", () => {
  assert.equal(day(MOMENT, "UTC"), "9 Mar 2026");
  assert.equal(day(null), "–");
  assert.equal(minute(MOMENT, "Europe/Berlin"), "9 Mar 2026, 13:00");
});

test("an account may log in, or is blocked since a day", () => {
  assert.equal(standing({ disabled: null }), "may log in");
  assert.equal(standing({ disabled: MOMENT }, "UTC"), "blocked since 9 Mar 2026");
});

test("a token ends, has ended, was revoked, or has no end", () => {
  const token = { open: true, revoked: null, expires: MOMENT };
  assert.equal(ended(token, "UTC"), "on 9 Mar 2026");
  assert.equal(ended({ ...token, open: false }, "UTC"), "was on 9 Mar 2026");
  assert.equal(ended({ ...token, open: false, revoked: MOMENT }, "UTC"), "revoked on 9 Mar 2026");
  assert.equal(ended({ ...token, expires: null }, "UTC"), "no end");
});
