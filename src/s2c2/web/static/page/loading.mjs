/** Getting groups and their members from the server, page by page, and the next group ahead of time. */

import { abreast } from "../logic/abreast.mjs";
import { member } from "../logic/acts.mjs";
import { nextOpen } from "../logic/board.mjs";
import { missingPages } from "../logic/geometry.mjs";
import { verdict } from "../logic/outbox.mjs";
import { carried, nothing, positions } from "../logic/selection.mjs";
import { sentence } from "./api.mjs";

/** Members asked for at a time. */
export const PAGE = 500;

/** Pages asked for at the same time. */
const ABREAST = 4;

/** Images of the next group that are fetched ahead. */
const AHEAD = 24;

/**
 * @typedef {object} Group  the group on the screen
 * @property {string} id
 * @property {string} name
 * @property {string} kind
 * @property {number|null} version
 * @property {{label: number, strength: number, distribution: number[]}|null} suggestion
 * @property {(import("../logic/acts.mjs").Member|undefined)[]} members
 * @property {Set<number>} pages  that are there
 */

/** A member in its group; what fits nowhere else is open among the misfits. @param {any} sent @param {string} kind */
const placed = (sent, kind) => member({ ...sent, misfit: sent.misfit && kind !== "misfits" });

/** @param {any} sent first page @returns {Group} */
export function grouped(sent) {
  const { group: id, name, kind, version, suggestion } = sent;
  const members = Array.from({ length: sent.total }, () => undefined);
  const empty = { id, name, kind, version, suggestion: suggestion ?? null, members, pages: new Set() };
  return sent.members.length ? filled(empty, 0, sent) : empty;
}

/** A group with another page of its members; those that are known stay. @param {Group} group @param {number} page @param {any} sent */
function filled(group, page, sent) {
  const members = group.members.slice();
  sent.members.forEach((one, at) => { members[page * PAGE + at] ??= placed(one, group.kind); });
  return { ...group, members, pages: new Set([...group.pages, page]) };
}

export class Loading {
  /**
   * @param {import("./store.mjs").Store} store @param {import("./api.mjs").Api} api
   * @param {import("./thumbnails.mjs").Thumbnails} thumbnails @param {() => void} login
   */
  constructor(store, api, thumbnails, login) {
    this.thumbnails = thumbnails;
    this.login = login;
    this.store = store;
    this.api = api;
    this.ahead = new Map();
    this.asked = new Set();
    this.sight = [0, 0];
    this.side = 128;
    this.failed = null;
    this.away = false;
  }

  /** What the server says of all groups; an answer from before an act that was done meanwhile is none. */
  async queue() {
    const { acts, session } = this.store.state;
    if (!session.board) return true;
    const reply = await this.api.ask(`queue?${this.board()}`);
    if (reply.status !== 200) return this.#failed(reply);
    const { groups, progress, undo, redo, seq } = reply.body;
    this.away = false;
    if (acts === this.store.state.acts) this.store.set({ queue: groups, progress, seq, trouble: null });
    if (acts === this.store.state.acts && !this.store.state.unsaved) this.store.set({ canUndo: undo, canRedo: redo });
    await this.#reopen(groups);
    return true;
  }

  /** The group to open after one, null for the first one, of those that the server named last; null when all are done. @param {string|null} id */
  after(id, groups = this.store.state.queue) {
    return nextOpen(groups, id, this.store.state.session.annotator);
  }

  /** The group that could not be opened is opened once the server answers again; the next one if it is gone. */
  async #reopen(groups) {
    const { opening, group } = this.store.state;
    if (!opening || group || opening !== this.failed) return;
    const id = groups.some((one) => one.group === opening) ? opening : (this.after(null, groups) ?? groups[0]?.group);
    if (id) await this.open(id);
  }

  /**
   * Show a group; what was fetched ahead is shown at once.
   * @param {string} id @param {{fresh?: boolean, at?: number|null}} [how] ask the server; where to put the cursor
   * @returns {Promise<boolean>} whether it came; not when it was on the screen already and an act changed it meanwhile
   */
  async open(id, { fresh = false, at = null } = {}) {
    const { acts } = this.store.state;
    const ahead = fresh ? undefined : this.ahead.get(id);
    this.failed = null;
    this.ahead.delete(id);
    const staying = this.store.state.group?.id === id;
    if (ahead) this.#show(ahead);
    else if (!staying) this.store.set({ opening: id, group: null, selection: nothing(0), trouble: null });
    const reply = ahead ? null : await this.#first(id);
    if (reply && this.#wanted(id)) {
      if (reply.status === 404 && staying) return this.#show({ ...this.store.state.group, members: [] }, staying), true;
      if (reply.status !== 200) return this.#failed(reply, id);
      const first = grouped(reply.body);
      const group = staying ? await this.#whole(first) : first;
      if (!this.#wanted(id)) return true;
      if (staying && acts !== this.store.state.acts) return false;
      this.#show(group, staying, at);
    }
    this.#fetchNext(id);
    return true;
  }

  #wanted(id) {
    const { opening, group } = this.store.state;
    return opening === id || (!opening && group?.id === id);
  }

  /**
   * A group that came anew with its members in sight, and those around the cursor and what is selected, so that they are found again.
   * @param {Group} group
   */
  async #whole(group) {
    const { selection, group: before } = this.store.state;
    const known = new Set(group.members.map((one) => one?.id));
    const wanted = [...positions(selection), selection.cursor, selection.anchor];
    const missing = wanted.filter((at) => before?.members[at] && !known.has(before.members[at].id));
    const last = Math.ceil(group.members.length / PAGE) - 1;
    const near = missing.flatMap((at) => [-1, 0, 1].map((step) => Math.floor(at / PAGE) + step));
    const inSight = missingPages(...this.sight, PAGE, group.pages);
    const pages = [...new Set([...near, ...inSight])].filter((page) => page > 0 && page <= last);
    let found = group;
    await abreast(pages, ABREAST, async (page) => {
      const reply = await this.#ask(group.id, page * PAGE);
      if (reply.status === 200) found = filled(found, page, reply.body);
    });
    return found;
  }

  /** Fetch members for positions in sight, now and when the group comes anew. @param {number} first @param {number} last one past the last */
  see(first, last) {
    this.sight = [first, last];
    return this.need(first, last);
  }

  /** Fetch members for some positions. @param {number} first @param {number} last one past the last */
  async need(first, last) {
    const group = this.store.state.group;
    if (!group) return;
    const pages = missingPages(first, Math.min(last, group.members.length), PAGE, group.pages);
    await abreast(pages, ABREAST, (page) => this.#page(group.id, page));
  }

  async #page(id, page) {
    const mark = `${id} ${page}`;
    if (this.asked.has(mark) || this.store.state.group?.id !== id) return;
    this.asked.add(mark);
    const reply = await this.#ask(id, page * PAGE);
    this.asked.delete(mark);
    const group = this.store.state.group;
    if (reply.status !== 200 || group?.id !== id) return;
    this.store.set({ group: filled(group, page, reply.body) });
  }

  #first(id) {
    return this.#ask(id, 0);
  }

  #ask(id, offset) {
    return this.api.ask(`groups/${encodeURIComponent(id)}?offset=${offset}&limit=${PAGE}&${this.board()}`);
  }

  /** The board on the screen, as a part of an address: in a study the server goes on to the next one by itself. */
  board() {
    const { session } = this.store.state;
    return session ? `scope=${encodeURIComponent(session.scope)}` : "";
  }

  #show(group, staying = false, at = null) {
    const { selection: last, group: before } = this.store.state;
    const kept = staying && before ? carried(last, before.members, group.members) : nothing(group.members.length);
    const cursor = Math.min(at ?? kept.cursor, group.members.length - 1);
    const anchor = at === null ? kept.anchor : cursor;
    const lost = before?.id === group.id && (last.chosen.size > 0 || this.store.state.emptied === group.id) && !kept.chosen.size;
    this.store.set({ group, opening: null, selection: { ...kept, cursor, anchor }, trouble: null, emptied: lost ? group.id : null });
  }

  async #fetchNext(id) {
    const next = this.after(id);
    if (!next || this.ahead.has(next)) return;
    const reply = await this.#first(next);
    if (reply.status !== 200) return;
    this.ahead.clear();
    const group = grouped(reply.body);
    this.ahead.set(next, group);
    this.thumbnails.ahead(group.members.slice(0, AHEAD).flatMap((one) => (one ? [one.id] : [])), this.side);
  }

  #failed(reply, id = null) {
    this.failed = id ?? this.failed;
    if (reply.elsewhere) return false;
    this.away = verdict(reply) === "again";
    if (reply.status === 401) this.login();
    else if (this.store.state.view !== "between") this.store.set({ trouble: sentence(reply) });
    return false;
  }
}
