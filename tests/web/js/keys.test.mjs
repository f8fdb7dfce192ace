import assert from "node:assert/strict";
import { test } from "node:test";

import { ACTIONS, clicksAgain, combination, conflicts, defaults, keyMap, labeled, meaning, motion, rebound, repeats, shown } from "../../../src/s2c2/web/static/logic/keys.mjs";

const press = (key, more = {}) => combination({ key, ...more });

test("combinations are written one way", () => {
  assert.equal(press("z", { ctrlKey: true }), "ctrl+z");
  assert.equal(press("Z", { ctrlKey: true, shiftKey: true }), "ctrl+shift+z");
  assert.equal(press("z", { metaKey: true }), "ctrl+z");
  assert.equal(press(" "), "space");
  assert.equal(press("?", { shiftKey: true }), "?");
  assert.equal(press("/", { shiftKey: true }), "/");
  assert.equal(press("A"), "a");
  assert.equal(press("Shift", { shiftKey: true }), "");
});

test("the keys as they come mean one thing each", () => {
  assert.deepEqual(conflicts(defaults()), []);
});

test("the key map of the guide", () => {
  const says = (keys, place = "groups") => meaning(defaults(), place, keys);
  assert.equal(says("enter"), "accept");
  assert.equal(says("a"), "accept");
  assert.equal(says("x"), "misfit");
  assert.equal(says("space"), "skip");
  assert.equal(says("ctrl+a"), "all");
  assert.equal(says("1"), "label:0");
  assert.equal(says("0"), "label:9");
  assert.equal(says("f"), "flag");
  assert.equal(says("f", "grow"), "match");
  assert.equal(says("j", "grow"), "nomatch");
  assert.equal(says("j"), null);
  assert.equal(says("1", "dashboard"), null);
  assert.equal(says("ctrl+z", "dashboard"), "undo");
});

test("keys that move select, extend with shift, and only move with ctrl", () => {
  const says = (keys, place = "groups", map = defaults()) => motion(map, place, keys);
  assert.deepEqual(says("arrowleft"), { direction: "left", selects: "only" });
  assert.deepEqual(says("shift+pagedown"), { direction: "pagedown", selects: "extends" });
  assert.deepEqual(says("ctrl+end"), { direction: "end", selects: "nothing" });
  assert.deepEqual(says("ctrl+shift+arrowup"), { direction: "up", selects: "extends" });
  assert.equal(says("alt+arrowleft"), null);
  assert.equal(says("x"), null);
  assert.deepEqual(says("arrowright", "single"), { direction: "right", selects: "only" });
  assert.equal(says("arrowup", "single"), null);
  assert.equal(says("arrowright", "dashboard"), null);
});

test("keys that move can be others, and keep what shift and ctrl do unless that means something else", () => {
  const map = rebound(rebound(defaults(), "left", "h"), "right", "y");
  assert.deepEqual(motion(map, "grow", "h"), { direction: "left", selects: "only" });
  assert.deepEqual(motion(map, "groups", "shift+h"), { direction: "left", selects: "extends" });
  assert.equal(motion(map, "groups", "arrowleft"), null);
  assert.equal(motion(map, "groups", "ctrl+y"), null);
  assert.equal(meaning(map, "groups", "ctrl+y"), "redo");
  assert.deepEqual(motion(rebound(map, "up", "shift+k"), "groups", "shift+k"), { direction: "up", selects: "only" });
  assert.deepEqual(conflicts(map), []);
  assert.equal(conflicts(rebound(map, "left", "x")).length, 1);
});

test("a conflict names the key and both actions", () => {
  const [words] = conflicts(rebound(defaults(), "flag", "x"));
  assert.match(words, /X/);
  assert.ok(words.includes(ACTIONS.flag.words) && words.includes(ACTIONS.misfit.words));
  assert.equal(conflicts(rebound(defaults(), "flag", "j")).length, 0);
  assert.equal(conflicts(rebound(defaults(), "flag", "3")).length, 1);
  assert.equal(conflicts(rebound(defaults(), "match", "?")).length, 1);
});

test("a class takes another key, its digit is free then", () => {
  const map = keyMap({}, JSON.stringify(rebound(defaults(), labeled(2), "k")));
  assert.equal(meaning(map, "single", "k"), "label:2");
  assert.equal(meaning(map, "single", "3"), null);
  assert.equal(meaning(rebound(map, labeled(11), "3"), "review", "3"), "label:11");
  assert.deepEqual(conflicts(map), []);
  assert.match(conflicts(rebound(map, labeled(3), "k"))[0], /class 3.*class 4/);
  assert.equal(conflicts(rebound(map, labeled(3), "x")).length, 1);
  assert.deepEqual(keyMap({}, null)[labeled(11)], []);
});

test("stored keys win over the server's, which win over the defaults", () => {
  const map = keyMap({ flag: "k", skip: "Ctrl+K" }, JSON.stringify({ flag: ["w"] }));
  assert.deepEqual(map.flag, ["w"]);
  assert.deepEqual(map.skip, ["ctrl+k"]);
  assert.deepEqual(map.misfit, ["x"]);
});

test("a key of the server that is a default keeps its other keys", () => {
  assert.deepEqual(keyMap({ accept: "Enter", select_all: "Ctrl+a" }).accept, ["enter", "a"]);
  assert.deepEqual(keyMap({ select_all: "Ctrl+e" }).all, ["ctrl+e"]);
});

test("what is no key map is left out", () => {
  for (const stored of ["", "{", "null", "[]", "3", '{"flag":[]}', '{"flag":[7]}', '{"nothing":["w"]}']) {
    assert.deepEqual(keyMap({}, stored), defaults());
  }
});

test("keys are shown as they are printed", () => {
  assert.equal(shown("ctrl+shift+z"), "Ctrl+Shift+Z");
  assert.equal(shown("enter"), "⏎");
  assert.equal(shown("+"), "+");
  assert.equal(shown("/"), "/");
});

test("quick clicks on range, undo and redo are all meant; a double click on an act acts once", () => {
  for (const action of ["range", "undo", "redo"]) assert.ok(clicksAgain(action), action);
  for (const action of ["misfit", "split", "merge", "skip", "flag", "finish", "all", "invert", "compare"]) assert.ok(!clicksAgain(action), action);
  assert.ok(!repeats("range"));
});
