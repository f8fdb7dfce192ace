/** Small pictures: those that come on the screen together are asked for together, and kept while the page is open. */

import { Bundle, portions } from "../logic/bundle.mjs";
import { picture, pictures } from "./api.mjs";
import { trait } from "./dom.mjs";

/** Pictures asked for in one request. */
const MOST = 60;

/** Pictures kept; one is about 4 kB. */
const KEPT = 2000;

/** Milliseconds after which an answer counts as lost. */
const PATIENCE = 20000;

export class Thumbnails {
  /** @param {() => void} elsewhere told when the server shows another dataset than the page */
  constructor(elsewhere) {
    this.elsewhere = elsewhere;
    this.kept = new Map();
    this.waiting = new Map();
    this.due = new Map();
    this.unreadable = new Set();
    this.lost = new Map();
  }

  /** Show an image in an element as soon as it is there. @param {any} element @param {number|null} id @param {number} size */
  show(element, id, size) {
    const key = id === null ? null : `${size}/${id}`;
    if (element.wanted === key && !this.lost.has(element)) return;
    element.wanted = key;
    element.onerror = () => this.#failed(element, key, id, size);
    this.lost.delete(element);
    const there = key && this.#known(key);
    trait(element, "src", there || null);
    if (key && !there) this.#ask(key, id, size).add(element);
  }

  /** Have images ready before they are shown. @param {number[]} ids @param {number} size */
  ahead(ids, size) {
    for (const id of ids) if (!this.kept.has(`${size}/${id}`)) this.#ask(`${size}/${id}`, id, size);
  }

  /** Ask again for pictures that did not come. */
  again() {
    const lost = [...this.lost];
    this.lost.clear();
    for (const [element, [id, size]] of lost) this.show(element, id, size);
  }

  /** A picture that the server can read did not come. */
  #failed(element, key, id, size) {
    if (!key || element.wanted !== key || this.kept.has(key) || this.unreadable.has(key)) return;
    element.wanted = null;
    this.lost.set(element, [id, size]);
  }

  #known(key) {
    const address = this.kept.get(key);
    if (!address) return null;
    this.kept.delete(key);
    this.kept.set(key, address);
    return address;
  }

  /** The elements that wait for a picture, which is asked for when this turn is over. */
  #ask(key, id, size) {
    const known = this.waiting.get(key);
    if (known) return known;
    if (!this.due.size) queueMicrotask(() => this.#send());
    const elements = new Set();
    this.waiting.set(key, elements);
    this.due.set(size, [...(this.due.get(size) ?? []), id]);
    return elements;
  }

  #send() {
    const due = [...this.due];
    this.due.clear();
    for (const [size, ids] of due) for (const some of portions(ids, MOST)) this.#fetch(some, size);
  }

  async #fetch(ids, size) {
    let arrived = false;
    try {
      const answer = await fetch(pictures(ids, size), { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE) });
      if (answer.status === 409) this.elsewhere();
      const bundle = new Bundle();
      const reader = answer.ok ? answer.body.getReader() : null;
      for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
        for (const { id, type, data } of bundle.take(part.value)) arrived = this.#said(`${size}/${id}`, type, data) || arrived;
      }
    } catch {
      // what did not come is asked for below, each by itself
    }
    for (const id of ids) this.#tell(`${size}/${id}`, picture(id, size));
    if (arrived) this.again();
  }

  /** What the server sent for a picture. @returns {boolean} whether it is one */
  #said(key, type, data) {
    if (!type) return this.unreadable.add(key), false;
    const address = URL.createObjectURL(new Blob([data], { type }));
    this.kept.set(key, address);
    this.#tell(key, address);
    if (this.kept.size > KEPT) {
      const [oldest, old] = this.kept.entries().next().value;
      this.kept.delete(oldest);
      URL.revokeObjectURL(old);
    }
    return true;
  }

  /** Give the elements that still wait for a picture its address; that of the server where it did not come or is broken. */
  #tell(key, address) {
    const elements = this.waiting.get(key) ?? [];
    this.waiting.delete(key);
    for (const element of elements) if (element.wanted === key) trait(element, "src", address);
  }
}
