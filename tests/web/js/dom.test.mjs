import assert from "node:assert/strict";
import { test } from "node:test";

import { arrange } from "../../../src/s2c2/web/static/page/dom.mjs";

/** A parent that counts which of its children are moved. */
class Parent {
  constructor(names) {
    this.moved = [];
    this.children = names.map((name) => new Child(name, this));
  }

  get firstElementChild() {
    return this.children[0] ?? null;
  }

  get order() {
    return this.children.map((one) => one.name).join("");
  }

  append(child) {
    this.insertBefore(child, null);
  }

  insertBefore(child, next) {
    this.moved.push(child.name);
    child.parent = this;
    this.children = this.children.filter((one) => one !== child);
    this.children.splice(next ? this.children.indexOf(next) : this.children.length, 0, child);
  }
}

class Child {
  constructor(name, parent = null) {
    Object.assign(this, { name, parent });
  }

  get nextElementSibling() {
    const { children } = this.parent;
    return children[children.indexOf(this) + 1] ?? null;
  }

  contains(other) {
    return this === other;
  }

  remove() {
    this.parent.children = this.parent.children.filter((one) => one !== this);
  }
}

/** Arrange children, one of which has the focus, and say which of them were moved. */
function arranged(before, after, focused = "") {
  const parent = new Parent([...before]);
  const named = new Map(parent.children.map((one) => [one.name, one]));
  globalThis.document = { activeElement: named.get(focused) ?? null };
  arrange(parent, [...after].map((name) => named.get(name) ?? new Child(name)));
  assert.equal(parent.order, after);
  return parent.moved.join("");
}

test("what stays is not moved", () => {
  assert.equal(arranged("abcd", "abcd"), "");
  assert.equal(arranged("abcd", "acd"), "");
  assert.equal(arranged("", "ab"), "ab");
});

test("one that goes elsewhere is the only one that is moved", () => {
  assert.equal(arranged("abcdef", "bcdefa"), "a");
  assert.equal(arranged("abcdef", "fabcde"), "f");
  assert.equal(arranged("abcdef", "acdxef").replaceAll("x", ""), "");
});

test("the one that has the focus is never moved", () => {
  const names = [..."abcdef"];
  let seed = 7;
  const drawn = (count) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % count; };
  for (let round = 0; round < 500; round += 1) {
    const after = names.filter(() => drawn(5)).map((name) => [drawn(1000), name]).sort(([one], [other]) => one - other).map(([, name]) => name);
    for (const focused of after) assert.ok(!arranged(names.join(""), after.join(""), focused).includes(focused), `${after} ${focused}`);
  }
});
