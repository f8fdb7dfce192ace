/** Doing things: an act is shown at once, kept, sent, and brought into line with the server's answer. */

import { LEAVING, TURNING, body, departed, hindrance, made } from "../logic/acts.mjs";
import { answersGained, countsAfter, listed, membersAfter, openOf } from "../logic/board.mjs";
import { Outbox } from "../logic/outbox.mjs";
import { apart, nothing, pointed, positions } from "../logic/selection.mjs";
import { alive } from "../logic/tabs.mjs";
import { done, leftOut } from "../logic/words.mjs";
import { sentence } from "./api.mjs";
import { uuid } from "./uuid.mjs";

/** Acts after which the server knows groups that the page does not. */
const REARRANGING = ["split", "recluster", "merge", "grow", "misfit", "undo", "redo", "finish"];

/** Acts whose undo is shown before the server has answered; that of older ones is shown when it has. */
const RECALLED = 20;

export class Doing {
  /** @param {{store: any, api: any, loading: any, clock: any, tab: string, prefix: string, login: () => void}} parts */
  constructor({ store, api, loading, clock, tab, prefix, login }) {
    Object.assign(this, { store, api, loading, clock, tab, login });
    this.past = [];
    this.due = false;
    this.outbox = new Outbox({
      storage: localStorage, prefix, tab,
      send: (act) => api.act(body(act)),
      wait: (milliseconds) => new Promise((passed) => { setTimeout(passed, milliseconds); }),
      elsewhere: (other) => alive(localStorage, prefix, other, Date.now()),
      tell: (event) => this.#heard(event),
    });
  }

  /** Select images of the group on the screen. @param {import("../logic/selection.mjs").Selection} selection */
  select(selection) {
    const { group } = this.store.state;
    this.store.set({ selection: apart(selection, (at) => Boolean(group?.members[at]?.misfit)) });
  }

  /** Images that are selected, null when none is. @returns {number[]|null} */
  chosen() {
    const { group, selection } = this.store.state;
    const ids = positions(selection).map((at) => group?.members[at]?.id).filter((id) => id !== undefined);
    return ids.length ? ids : null;
  }

  /**
   * What an act is about that a window asks for: the group on the screen, and what is selected in it, or given.
   * @param {number[]} [given] @returns {object|null} null, and it is said, while that is not known
   */
  aim(given) {
    const { group } = this.store.state;
    if (!group || (!given && (this.#unloaded() || this.#emptied()))) return null;
    const images = given ?? this.chosen();
    const wrong = images && departed(images, group.members);
    if (wrong) return this.say(wrong), null;
    return { group: group.id, images, version: group.version, facts: this.#facts(images) };
  }

  /** An aim after its window was open: what others changed of it meanwhile is for the server to refuse. @param {any} aim */
  still({ group, images, version, facts }) {
    return images && this.#facts(images) === facts ? { group, images } : { group, images, version };
  }

  #facts(images) {
    const ids = new Set(images);
    return JSON.stringify(this.store.state.group?.members.filter((one) => one && ids.has(one.id)));
  }

  /** Whether all that was selected has left the group, which is said once: keys would act on all others. */
  #emptied() {
    const { emptied, group } = this.store.state;
    if (emptied !== group?.id || this.chosen()) return false;
    this.store.set({ emptied: null });
    this.say("What you had selected has left this group. Press again to act on all open images.");
    return true;
  }

  /** Whether something is selected that the server has not told yet; it is asked again then. */
  #unloaded() {
    const { group, selection } = this.store.state;
    const missing = positions(selection).filter((at) => group && !group.members[at]);
    if (!missing.length) return false;
    this.loading.need(missing[0], missing[missing.length - 1] + 1);
    this.say("Some of the selected images are still loading. Try again in a moment.");
    return true;
  }

  /**
   * Act on the group on the screen.
   * @param {string} name @param {Partial<import("../logic/acts.mjs").Act>} [more]
   * @returns {boolean|undefined} whether it was done; it is said why not
   */
  do(name, more = {}) {
    const { group, queue, session } = this.store.state;
    if (!group) return;
    const summary = listed(queue, group);
    if ((more.group ?? group.id) !== group.id) return this.say("Another group is on the screen now: nothing was done.");
    if (!("images" in more) && (this.#unloaded() || this.#emptied())) return;
    const images = "images" in more ? more.images : this.chosen();
    const wrong = hindrance(name, images, { ...summary, suggestion: group.suggestion, members: group.members });
    if (wrong) return this.say(wrong);
    const shown = group.suggestion ? { label: group.suggestion.label, strength: group.suggestion.strength } : null;
    const act = this.#made({ act: name, group: group.id, version: group.version, shown, ...more, images });
    const { view, selection } = this.store.state;
    const gained = answersGained(summary, group.members, act);
    if (!this.#keep(act, { group, summary, gained, view: view === "single" ? view : "groups", cursor: selection.cursor })) return;
    this.#preview(act, group, summary, gained);
    const label = session.classes[act.label ?? (name === "accept" ? group.suggestion?.label : -1)]?.name;
    this.say(done(name, images?.length ?? summary.open, label), true);
    if (!images && LEAVING.includes(name)) this.#leave(group.id);
    return true;
  }

  /** An act of review: it is about images, not about the group on the screen. @param {number[]} images @param {number} version number of the last act that was seen @param {object} more */
  decide(images, version, more) {
    const act = this.#made({ act: "decide", images, version, ...more });
    return this.#keep(act, null) ? act : null;
  }

  undo() {
    const last = this.past.pop();
    const seq = last?.seq ?? null;
    const group = last?.before?.group.id ?? null;
    const act = this.#made({ act: "undo", group, target_seq: seq, target_key: last && seq === null ? last.key : null });
    if (!this.#keep(act, null)) return;
    if (last?.before) this.#restore(last.before);
    this.say(done("undo", 0));
  }

  redo() {
    if (this.#keep(this.#made({ act: "redo" }), null)) this.say(done("redo", 0));
  }

  /** Say something for a moment. @param {string} words @param {boolean} [undo] offer to undo */
  say(words, undo = false) {
    this.store.set({ toast: { words, undo, at: performance.now() } });
  }

  #made(what) {
    const { session } = this.store.state;
    const seconds = this.clock.take();
    this.store.set({ active: this.store.state.active + seconds.active });
    return made(what, {
      key: uuid(), at: new Date().toISOString(), scope: session.scope, tab: this.tab, dataset: session.dataset, annotator: session.annotator, seconds,
    });
  }

  #keep(act, before) {
    if (this.store.state.elsewhere) return this.say("Reload the page first: the server no longer takes what is done here."), false;
    try {
      this.outbox.add(act);
    } catch (error) {
      this.say(error.message);
      return false;
    }
    this.store.set({ acts: this.store.state.acts + 1 });
    if (!TURNING.includes(act.act)) this.#remember({ key: act.key, seq: null, before });
    return true;
  }

  /** The members of a group are as many as it has images: only the last acts keep them as they were. */
  #remember(entry) {
    this.past.push(entry);
    const old = this.past.at(-1 - RECALLED);
    if (old) old.before = null;
  }

  #preview(act, group, summary, gained) {
    const members = membersAfter(group.members, act, group.suggestion?.label ?? null);
    const after = countsAfter(summary, act, openOf(group.members, act));
    this.#count(summary, after, gained);
    const same = members.length === group.members.length;
    const selection = same ? this.store.state.selection : nothing(members.length);
    this.store.set({ group: { ...group, members }, selection });
  }

  #count(before, after, gained) {
    const { queue, progress } = this.store.state;
    const answered = Math.min(progress.images, Math.max(0, progress.answered + gained));
    const finished = progress.done + Number(after.done) - Number(before.done);
    this.store.set({
      queue: queue.map((one) => (one.group === before.group ? after : one)),
      progress: { ...progress, answered, done: Math.max(0, Math.min(progress.groups, finished)) },
    });
  }

  /** The group of an act as it was before, under the version that was seen then. */
  #restore({ group, summary, gained, view, cursor }) {
    const now = this.store.state.queue.find((one) => one.group === summary.group);
    if (now) this.#count(now, { ...summary, version: now.version }, -gained);
    this.store.set({ group, opening: null, view, selection: pointed(nothing(group.members.length), cursor) });
  }

  #leave(id) {
    const next = this.loading.after(id);
    if (next) this.loading.open(next);
    else this.store.set({ finished: true });
  }

  #heard({ kind, act, reply }) {
    this.store.set({ unsaved: this.outbox.unsaved, away: kind === "kept" ? this.store.state.away : kind === "waiting" });
    if (kind === "taken") this.#taken(act, reply.body);
    if (kind === "refused") this.#refused(act, reply);
    if (kind === "login") this.login();
    if (kind === "elsewhere") this.store.set({ elsewhere: reply.person ?? true });
  }

  #taken(act, answer) {
    const entry = this.past.find((one) => one.key === act.key);
    if (entry) entry.seq = answer.seq;
    this.store.set({ canUndo: answer.undo ?? true, canRedo: answer.redo ?? false });
    if (answer.left_out) this.#joined(act, answer.left_out);
    if (TURNING.includes(act.act)) this.#disputed();
    if (answer.group) this.#fresh(answer.group);
    if (this.outbox.unsaved) return;
    if (REARRANGING.includes(act.act)) this.#reload(act, answer);
    else if (this.due) this.#refresh();
    else this.#later();
  }

  /** Fewer images joined than were meant to. @param {any} act @param {number} left */
  #joined({ act, images, label }, left) {
    const name = this.store.state.session.classes[label ?? -1]?.name;
    this.say(`${done(act, images.length - left, name)} ${leftOut(left)}`, true);
  }

  /** The server's word on a group in the list counts once nothing is on its way; the members on the screen are as they were seen. */
  #fresh(summary) {
    const settled = !this.outbox.unsaved;
    const told = (one) => (settled ? summary : { ...one, version: summary.version });
    this.store.set({ queue: this.store.state.queue.map((one) => (one.group === summary.group ? told(one) : one)) });
  }

  async #reload(act, answer) {
    const { acts } = this.store.state;
    await this.loading.queue();
    this.loading.ahead.clear();
    const { group, queue, view } = this.store.state;
    this.due = acts !== this.store.state.acts;
    if (this.due) return;
    const undoing = TURNING.includes(act.act);
    const wanted = undoing ? (answer.group?.group ?? group?.id) : act.act === "recluster" ? `split-${answer.seq}-1` : act.group;
    if (!wanted || act.act === "misfit" || (!undoing && act.group !== group?.id)) return;
    const there = queue.some((one) => one.group === wanted);
    const at = undoing && view === "single" ? answer.at : null;
    if (there) this.due = !(await this.loading.open(wanted, { fresh: true, at }));
    else if (queue.length) await this.loading.open(this.loading.after(null) ?? queue[0].group);
  }

  /** The server's word on the group on the screen, when further acts came before the last one. */
  async #refresh() {
    await this.loading.queue();
    const { group } = this.store.state;
    if (group) this.due = !(await this.loading.open(group.id, { fresh: true }));
  }

  #later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.outbox.unsaved || this.loading.queue(), 1500);
  }

  async #refused(act, reply) {
    this.past = this.past.filter((one) => one.key !== act.key);
    const conflict = reply.status === 409 ? reply.body : null;
    const { group, queue, refusals } = this.store.state;
    const elsewhere = act.group === group?.id ? null : (queue.find((one) => one.group === act.group) ?? null);
    const decided = act.act === "decide";
    if (TURNING.includes(act.act) && !conflict) this.say(sentence(reply));
    else this.store.set({ refusals: [...refusals, { key: act.key, words: sentence(reply), conflict, elsewhere, decided }] });
    if (decided || TURNING.includes(act.act)) this.#disputed();
    this.loading.ahead.clear();
    await (elsewhere ? this.loading.queue() : this.#refresh());
  }

  /** What is to be decided on is no longer what the page shows. */
  #disputed() {
    this.store.set({ disputes: this.store.state.disputes + 1 });
  }

  /** A person has read why an act was not recorded. @param {string} key of the act */
  understood(key) {
    this.store.set({ refusals: this.store.state.refusals.filter((one) => one.key !== key) });
  }
}
