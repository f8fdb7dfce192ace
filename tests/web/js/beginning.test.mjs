import assert from "node:assert/strict";
import { test } from "node:test";

import { member } from "../../../src/s2c2/web/static/logic/acts.mjs";
import { beginning, onward } from "../../../src/s2c2/web/static/logic/beginning.mjs";

const PLAIN = { kind: "plain", size: 1000 };
const session = (annotator, more = {}) => ({ annotator, scope: "shared/1/none", team: true, ...more });

test("people of a team begin at different images, the same ones each time", () => {
  const names = ["ada", "bob", "eve", "mallory", "zoë"];
  const places = names.map((name) => beginning(session(name), PLAIN));
  assert.deepEqual(places, [461, 974, 757, 679, 866]);
  const sorted = [...places].sort((one, other) => one - other);
  sorted.slice(1).forEach((place, at) => assert.ok(place - sorted[at] > 20));
});

test("names are spread over the whole group, also names that are alike", () => {
  const parts = new Array(10).fill(0);
  for (let n = 0; n < 1000; n += 1) parts[Math.floor(beginning(session(`user${n}`), PLAIN) / 100)] += 1;
  for (const count of parts) assert.ok(count > 60 && count < 140, String(parts));
});

test("who is alone, who has a board of their own and who has proposals begins at the first image", () => {
  assert.equal(beginning(session("ada", { team: false }), PLAIN), 0);
  assert.equal(beginning(session("ada", { scope: "ada/1/none" }), PLAIN), 0);
  assert.equal(beginning(session("ada"), { kind: "class", size: 1000 }), 0);
  assert.equal(beginning(session("ada"), { kind: "plain", size: 0 }), 0);
});

/** Images as a row of letters: `.` open, `?` not loaded, `m` an own answer, `b` one of bob, `n` of somebody, `x` an own one that the server has not told yet. */
function row(letters, kind = "plain") {
  const named = { m: { annotator: "me" }, b: { annotator: "bob" }, n: { annotator: null }, x: {} };
  const one = (letter, id) => (letter === "?" ? undefined : letter === "x" ? { ...member({ id }), answer: { label: 1 } } : member({ id, answer: named[letter] ? { label: 1, ...named[letter] } : null }));
  return { kind, members: [...letters].map(one) };
}

test("a person goes on at the next open image, from the last one to the first", () => {
  assert.equal(onward(session("me"), row("...x...."), 3), 4);
  assert.equal(onward(session("me"), row("..mxxmm."), 3), 7);
  assert.equal(onward(session("me"), row("..mxxm?."), 3), 6);
  assert.equal(onward(session("me"), row("m.mmmxmx"), 7), 1);
  assert.equal(onward(session("me"), row("mbnx"), 3), null);
  assert.equal(onward(session("me"), row(""), 0), null);
});

test("behind images of others a person goes on in the middle of the open ones", () => {
  assert.equal(onward(session("me"), row("mxbb.......m"), 1), 7);
  assert.equal(onward(session("me"), row("mxnm..m...."), 1), 5);
  assert.equal(onward(session("me"), row("mxb?????"), 1), 5);
  assert.equal(onward(session("me"), row("mxbb.m"), 1), 4);
  assert.equal(onward(session("me"), row("....bbbx..."), 7), 0);
  assert.equal(onward(session("me"), row("bbb......"), 1), 6);
});

test("who was not fast enough with an image does not go on side by side with who was", () => {
  assert.equal(onward(session("me"), row("mmbx......m"), 3), 7);
  assert.equal(onward(session("me"), row("mmbm......m"), 3), 4);
});

test("who is alone, who has a board of their own and who has proposals takes images in their order", () => {
  for (const one of [session("me", { team: false }), session("me", { scope: "me/1/none" })]) assert.equal(onward(one, row("xbb......"), 0), 3);
  assert.equal(onward(session("me"), row("xbb......", "cluster"), 0), 3);
});

/** How many answers of people who work at the same time come too late, where each hears of the others every five seconds. */
function late(names, images) {
  let state = 1;
  const drawn = () => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return state / 2 ** 32; };
  const answers = new Array(images).fill(null);
  const heard = () => answers.map((annotator) => (annotator ? { answer: { annotator } } : { answer: null }));
  const people = names.map((annotator) => ({ session: session(annotator), at: beginning(session(annotator), { ...PLAIN, size: images }), members: heard(), due: 2 * drawn(), look: 5 * drawn() }));
  let found = 0;
  for (let busy = people; busy.length; busy = busy.filter(({ at }) => at !== null)) {
    const one = busy.reduce((first, other) => (other.due < first.due ? other : first));
    for (; one.look < one.due; one.look += 5) one.members = heard();
    const refused = answers[one.at] !== null;
    found += Number(refused);
    answers[one.at] ??= one.session.annotator;
    one.members[one.at] = { answer: {} };
    one.at = onward(one.session, { kind: "plain", members: one.members }, one.at);
    if (refused) one.members = heard();
    one.due += 0.7 + 2.6 * drawn();
  }
  assert.ok(answers.every(Boolean));
  return found;
}

test("people of a team hardly ever answer the same image, also when they come to where others are", () => {
  assert.ok(late(["ada", "bob"], 400) < 10);
  const five = late(["ada", "bob", "eve", "mallory", "zoë"], 1000);
  assert.ok(five < 100, String(five));
});
