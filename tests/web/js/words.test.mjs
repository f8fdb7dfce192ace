import assert from "node:assert/strict";
import { test } from "node:test";

import { before, counted, done, duration, first, kept, leftOut, percent, status, strength, unsaved, waiting } from "../../../src/s2c2/web/static/logic/words.mjs";

test("numbers, shares and times", () => {
  assert.equal(counted(1, "image"), "1 image");
  assert.equal(counted(100000, "image"), "100,000 images");
  assert.equal(percent(0.625), "63 %");
  assert.equal(duration(59.9), "59 s");
  assert.equal(duration(61), "1 min");
  assert.equal(duration(3720), "1 h 2 min");
});

test("strength is a word", () => {
  assert.deepEqual([0.2, 0.5, 0.7, 0.95].map(strength), ["weak", "moderate", "strong", "very strong"]);
});

test("what is not saved yet", () => {
  const classes = [{ name: "cat" }, { name: "dog" }];
  const act = (name, images = null, label = null) => ({ act: name, images, label });
  assert.equal(unsaved([act("label", [4, 5], 1)], classes), "labeled 2 images as dog");
  assert.equal(unsaved([act("accept"), act("undo"), act("merge", [1, 2])], classes), "accepted a whole group; an act undone; merged the group");
  assert.equal(unsaved([act("skip"), act("skip"), act("flag", [1]), act("finish"), act("misfit", [2])], classes),
    "2 acts before; flagged 1 image; finished the group; marked as not fitting: 1 image");
  assert.equal(unsaved([act("accept", [1]), act("label", null, 0)], classes), "accepted 1 image; labeled a whole group as cat");
});

test("what was done", () => {
  assert.equal(done("accept", 3, "cat"), "Accepted 3 images as cat.");
  assert.equal(done("grow", 100, "cat"), "Added 100 images as cat.");
  assert.equal(done("grow", 100), "Added 100 images.");
  assert.equal(done("misfit", 1), "Marked as not fitting: 1 image.");
  assert.equal(done("undo", 0), "Undone.");
});

test("what others were faster with", () => {
  assert.equal(leftOut(1), "1 image was left out: answered or moved meanwhile.");
  assert.equal(leftOut(1200), "1,200 images were left out: answered or moved meanwhile.");
});

test("status of a group", () => {
  assert.equal(status({ open: 3, size: 3, done: false }).word, "open");
  assert.equal(status({ open: 2, size: 3, done: false }).word, "begun");
  assert.equal(status({ open: 2, size: 3, done: true }).word, "done");
});

test("an own act is not told as another person's", () => {
  assert.equal(first("bob", "ann", "label", "10:32", "this group"), "bob changed this group first (label, 10:32).");
  assert.equal(first("ann", "ann", "label", "", "this group"), "You changed this group yourself before (label).");
  assert.match(first("ann", "ann", "misfit", "10:32", "cats"), /^You took images out of cats as not fitting yourself \(10:32\)/);
});

test("what is kept in this browser, and until when", () => {
  assert.equal(kept(1, "as soon as it is back"), "1 act is kept in this browser and sent as soon as it is back");
  assert.equal(kept(1200, "when ada is here", "ada"), "1,200 acts of ada are kept in this browser and sent when ada is here");
});

test("who comes after others is told whose acts wait, and for what", () => {
  const others = [{ who: "ada", acts: 2 }, { who: "Bo L.", acts: 1 }];
  assert.equal(before(others, false), "2 acts of ada are kept in this browser and sent when ada logs in again in this browser. "
    + "1 act of Bo L. is kept in this browser and sent when Bo L. logs in again in this browser.");
  assert.equal(before(others.slice(1), true), "1 act of Bo L. is kept in this browser and sent when the server is started with --annotator 'Bo L.' "
    + "and this page opened again.");
});

test("who sees that another person is here is told whose acts wait, and for what", () => {
  const local = waiting("ada", "bo", 2, true);
  assert.equal(local, "The server takes the acts of bo now, but this page is that of ada. 2 acts of ada are kept in this browser and sent when "
    + "the server is started with --annotator ada and this page opened again. Reload to go on as bo.");
  assert.match(waiting("ada", "bo", 1, false), / 1 act of ada is kept in this browser and sent when ada logs in again in this browser\. /);
  assert.doesNotMatch(waiting("ada", "bo", 0, false), /kept/);
});
