import assert from "node:assert/strict";
import { test } from "node:test";

import { made } from "../../../src/s2c2/web/static/logic/acts.mjs";
import { Outbox, WAITS, following, ofOthers, stored, verdict } from "../../../src/s2c2/web/static/logic/outbox.mjs";
import { alive, beat, leave, others, own, shared, work } from "../../../src/s2c2/web/static/logic/tabs.mjs";

/** A storage as a browser has it, which can be full. */
function shelf(limit = Infinity) {
  const kept = new Map();
  return {
    get length() { return kept.size; },
    key: (at) => [...kept.keys()][at] ?? null,
    getItem: (name) => kept.get(name) ?? null,
    removeItem: (name) => { kept.delete(name); },
    setItem(name, text) {
      if (text.length > limit) throw new DOMException("full", "QuotaExceededError");
      kept.set(name, text);
    },
  };
}

const act = (key, more = {}) => made({ act: "label", group: "g", version: 1, label: 0, ...more },
  { key, at: "now", scope: "s", tab: "t", dataset: "d", seconds: { active: 0, wall: 0 } });

/** A server that takes each key once, and can be away or lose its answer. */
function server(script = []) {
  const taken = [];
  const replies = [...script];
  const send = async (sent) => {
    const next = replies.shift() ?? "take";
    if (next === "away") return { status: 0, body: null };
    if (typeof next === "object") return next;
    if (!taken.some((one) => one.key === sent.key)) taken.push(sent);
    if (next === "lost") return { status: 0, body: null };
    return { status: 201, body: { seq: taken.findIndex((one) => one.key === sent.key) + 1, group: { group: "g", version: taken.length + 10 } } };
  };
  return { taken, send };
}

function outbox(storage, send, more = {}) {
  const heard = [];
  const waits = [];
  const wait = async (milliseconds) => { waits.push(milliseconds); };
  const box = new Outbox({ storage, prefix: "p.", tab: "t", send, wait, tell: (event) => heard.push(event), ...more });
  return { box, heard, waits };
}

test("acts are sent in order and forgotten when they are taken", async () => {
  const [storage, { taken, send }] = [shelf(), server()];
  const { box } = outbox(storage, send);
  await Promise.all(["a", "b", "c"].map((key) => box.add(act(key))));
  await box.flush();
  assert.deepEqual(taken.map((one) => one.key), ["a", "b", "c"]);
  assert.equal(box.unsaved, 0);
});

test("an act is in the storage before it is sent", async () => {
  const storage = shelf();
  let seen = 0;
  const { box } = outbox(storage, async () => { seen = stored(storage, "p.").length; return { status: 201, body: { seq: 1 } }; });
  await box.add(act("a"));
  assert.equal(seen, 1);
});

test("while the server is away acts wait longer and longer, then all arrive in order", async () => {
  const [storage, { taken, send }] = [shelf(), server(Array(8).fill("away"))];
  const { box, waits, heard } = outbox(storage, send);
  const first = box.add(act("a"));
  box.add(act("b"));
  await first;
  assert.deepEqual(waits, [...WAITS, WAITS.at(-1), WAITS.at(-1)]);
  assert.deepEqual(taken.map((one) => one.key), ["a", "b"]);
  assert.ok(heard.some(({ kind }) => kind === "waiting"));
});

test("a lost answer leads to a second sending with the same key, taken once", async () => {
  const [storage, { taken, send }] = [shelf(), server(["lost"])];
  const { box } = outbox(storage, send);
  await box.add(act("a"));
  assert.deepEqual(taken.map((one) => one.key), ["a"]);
  assert.equal(box.unsaved, 0);
});

test("a reload goes on with what is kept", async () => {
  const storage = shelf();
  const never = outbox(storage, () => new Promise(() => undefined));
  never.box.add(act("a"));
  never.box.add(act("b"));
  const { taken, send } = server();
  const again = outbox(storage, send);
  await again.box.flush();
  assert.deepEqual(taken.map((one) => one.key), ["a", "b"]);
});

test("an act built on an act of before keeps the version that the page has seen: another person may have acted between", async () => {
  const [storage, { taken, send }] = [shelf(), server()];
  const { box } = outbox(storage, send);
  box.add(act("a"));
  await box.add(act("b"));
  await box.flush();
  assert.deepEqual(taken.map((one) => one.version), [1, 1]);
});

test("an act that follows another is left as it is, unless it undoes that one", () => {
  const answer = { seq: 4, group: { group: "g", version: 9 } };
  const [later, undo] = [act("b"), act("u", { act: "undo", target_key: "a" })];
  assert.equal(following(later, act("a"), answer), later);
  assert.deepEqual(following(undo, act("a"), answer), { ...undo, target_seq: 4, target_key: null });
  assert.equal(following(undo, act("c"), answer), undo);
});

test("an undo of an act that is not sent yet gets its number", async () => {
  const [storage, { taken, send }] = [shelf(), server()];
  const { box } = outbox(storage, send);
  box.add(act("a"));
  await box.add(act("u", { act: "undo", group: null, version: null, target_key: "a" }));
  await box.flush();
  assert.equal(taken[1].target_seq, 1);
});

test("what follows a refusal is sent, but not the undo of the refused act", async () => {
  const refusal = { status: 409, body: { error: "changed", who: "ben" } };
  const [storage, { taken, send }] = [shelf(), server([refusal])];
  const { box, heard } = outbox(storage, send);
  box.add(act("a"));
  box.add(act("u", { act: "undo", target_key: "a" }));
  await box.add(act("c", { group: "h" }));
  await box.flush();
  assert.deepEqual(taken.map((one) => one.key), ["c"]);
  assert.equal(heard.find(({ kind }) => kind === "refused").reply.body.who, "ben");
});

test("nobody logged in: acts stay, and go on after logging in", async () => {
  const [storage, { taken, send }] = [shelf(), server([{ status: 401, body: {} }])];
  const { box, heard } = outbox(storage, send);
  await box.add(act("a"));
  assert.equal(box.unsaved, 1);
  assert.ok(heard.some(({ kind }) => kind === "login"));
  await box.resume();
  assert.deepEqual(taken.map((one) => one.key), ["a"]);
});

test("the server has other data: acts stay until that of the page is back", async () => {
  const [storage, { taken, send }] = [shelf(), server([{ status: 409, body: null, elsewhere: true }])];
  const { box, heard } = outbox(storage, send);
  await box.add(act("a"));
  assert.equal(box.unsaved, 1);
  assert.equal(heard.at(-1).kind, "elsewhere");
  await box.resume();
  assert.deepEqual(taken.map((one) => one.key), ["a"]);
});

test("a full storage refuses the act with a sentence", () => {
  const { box } = outbox(shelf(10), async () => ({ status: 201, body: {} }));
  assert.throws(() => box.add(act("a")), /cannot keep more/);
});

test("acts of a tab that is open are left to it, those of a closed one are taken over", async () => {
  const [storage, { taken, send }] = [shelf(), server()];
  outbox(storage, () => new Promise(() => undefined)).box.add({ ...act("a"), tab: "other" });
  let open = true;
  const { box } = outbox(storage, send, { elsewhere: () => open });
  await box.flush();
  assert.equal(taken.length, 0);
  assert.equal(box.unsaved, 1);
  open = false;
  await box.flush();
  assert.equal(taken.length, 1);
});

test("two tabs that send the same act record it once", async () => {
  const [storage, { taken, send }] = [shelf(), server()];
  outbox(storage, () => new Promise(() => undefined)).box.add(act("a"));
  await Promise.all([outbox(storage, send).box.flush(), outbox(storage, send).box.flush()]);
  assert.equal(taken.length, 1);
});

test("acts of other people are counted, of the same data only", () => {
  const storage = shelf();
  const away = () => new Promise(() => undefined);
  for (const [whose, key] of [["s.d.ada.", "a"], ["s.d.Bo L.acts.", "b"], ["s.d.ada.", "c"], ["s.d.eve.", "d"], ["s.other.ada.", "e"]]) {
    outbox(storage, away, { prefix: whose }).box.add(act(key));
  }
  storage.setItem("s.d.ada.act.000000009.x", "{");
  storage.setItem("s.d.mallory.tab.t", "1000");
  assert.deepEqual(ofOthers(storage, "s.d.", "eve"), [{ who: "ada", acts: 2 }, { who: "Bo L.acts", acts: 1 }]);
  assert.deepEqual(ofOthers(storage, "s.d.", "ada").map(({ who }) => who), ["Bo L.acts", "eve"]);
  assert.deepEqual(ofOthers(storage, "s.nothing.", "ada"), []);
});

test("acts and windows of people whose names begin alike are told apart, whatever the names", async () => {
  const storage = shelf();
  const away = () => new Promise(() => undefined);
  const people = ["ann", "ann.act", "ann.act.1", "ann.act.1.x", "ann.act.act", "ann.tab"];
  for (const who of people) {
    outbox(storage, away, { prefix: `s.d.${who}.` }).box.add(act(`of ${who.replaceAll(".", " ")}`));
    beat(storage, `s.d.${who}.`, "t", 1000);
  }
  for (const who of people) {
    const key = `of ${who.replaceAll(".", " ")}`;
    assert.deepEqual(stored(storage, `s.d.${who}.`).map((one) => one.act.key), [key], who);
    assert.deepEqual(ofOthers(storage, "s.d.", who).map((one) => one.who).sort(), people.filter((one) => one !== who));
    assert.deepEqual(others(storage, `s.d.${who}.`, "t", 1000), [], who);
    assert.deepEqual(others(storage, `s.d.${who}.`, "else", 1000), ["t"], who);
    const { taken, send } = server();
    await outbox(storage, send, { prefix: `s.d.${who}.` }).box.add(act("next"));
    assert.deepEqual(taken.map((one) => one.key), [key, "next"], who);
    outbox(storage, away, { prefix: `s.d.${who}.` }).box.add(act(key));
  }
});

test("damaged entries of the storage do no harm", async () => {
  const [storage, { taken, send }] = [shelf(), server()];
  storage.setItem("p.act.000000001.x", "{");
  storage.setItem("else", "1");
  await outbox(storage, send).box.add(act("a"));
  assert.deepEqual(taken.map((one) => one.key), ["a"]);
});

test("which answers mean what", () => {
  const of = (status) => verdict({ status, body: null });
  assert.deepEqual([200, 201].map(of), ["taken", "taken"]);
  assert.deepEqual([0, 429, 500, 502, 503].map(of), Array(5).fill("again"));
  assert.deepEqual([400, 403, 404, 409, 413, 422].map(of), Array(6).fill("refused"));
  assert.equal(of(401), "login");
});

test("tabs see each other while they give signs of life", () => {
  const storage = shelf();
  beat(storage, "p.", "a", 1000);
  beat(storage, "p.", "b", 9000);
  assert.deepEqual(others(storage, "p.", "a", 9500), ["b"]);
  assert.equal(alive(storage, "p.", "a", 20000), false);
  assert.equal(alive(storage, "p.", "nobody", 0), false);
  leave(storage, "p.", "b");
  assert.deepEqual(others(storage, "p.", "a", 9500), []);
});

test("a group is shared while another open tab works on it", () => {
  const storage = shelf();
  for (const tab of ["a", "b"]) {
    beat(storage, "p.", tab, 1000);
    work(storage, "p.", tab, "g");
  }
  assert.equal(shared(storage, "p.", "a", "g", 2000), true);
  assert.equal(shared(storage, "p.", "a", "h", 2000), false);
  assert.equal(shared(storage, "p.", "a", "g", 60000), false);
  work(storage, "p.", "b", null);
  assert.equal(shared(storage, "p.", "a", "g", 2000), false);
});

test("a copy of an open window has a name of its own, a window that was reloaded keeps its own", () => {
  const storage = shelf();
  const made = () => "new";
  assert.equal(own(storage, "p.", null, made, 1000), "new");
  assert.equal(own(storage, "p.", "a", made, 1000), "a");
  beat(storage, "p.", "a", 1000);
  assert.equal(own(storage, "p.", "a", made, 2000), "new");
  assert.equal(own(storage, "p.", "a", made, 60000), "a");
});
