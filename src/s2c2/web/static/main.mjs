/** The page: what it is made of, how it starts, and where keys go. */

import { beginning } from "./logic/beginning.mjs";
import { combination, keyMap, meaning, repeats, shown } from "./logic/keys.mjs";
import { nothing, pointed } from "./logic/selection.mjs";
import { own } from "./logic/tabs.mjs";
import { Address } from "./page/address.mjs";
import { Api, sentence, versioned } from "./page/api.mjs";
import { commands, label, moved } from "./page/commands.mjs";
import { Between, turns } from "./page/between.mjs";
import { Dashboard } from "./page/dashboard.mjs";
import { Doing } from "./page/doing.mjs";
import { fill, h } from "./page/dom.mjs";
import { Groups, Zoom } from "./page/groups.mjs";
import { Growing } from "./page/growing.mjs";
import { recovering } from "./page/large.mjs";
import { Loading } from "./page/loading.mjs";
import { Notices } from "./page/notices.mjs";
import { People } from "./page/people.mjs";
import { Rail } from "./page/rail.mjs";
import { Review } from "./page/review.mjs";
import { Single } from "./page/single.mjs";
import { Store } from "./page/store.mjs";
import { Thumbnails } from "./page/thumbnails.mjs";
import { uuid } from "./page/uuid.mjs";
import { clock, lease, neighbours, predecessors, tabs } from "./page/watching.mjs";

const KEYS = "s2c2.keys";
const THEMES = ["light", "dark"];

/** Whether a finger works here, as on a tablet, so that words speak of taps and not of keys. */
const coarse = matchMedia("(pointer: coarse)");

class App {
  constructor() {
    const size = Number(localStorage.getItem("s2c2.size")) || 128;
    this.store = new Store({
      session: null, view: "groups", queue: [], progress: null, seq: 0, group: null, opening: null, emptied: null, selection: nothing(0), size,
      unsaved: 0, away: false, refusals: [], tabs: 0, trouble: null, toast: null, rail: false, held: null, others: [], active: 0,
      canUndo: true, canRedo: true, coming: null, acts: 0, disputes: 0, elsewhere: false, touch: coarse.matches, keys: keyMap({}, localStorage.getItem(KEYS)),
    });
    const elsewhere = () => this.store.state.elsewhere || this.store.set({ elsewhere: true });
    coarse.addEventListener("change", () => this.store.set({ touch: coarse.matches }));
    this.api = new Api(elsewhere);
    this.thumbnails = new Thumbnails(elsewhere);
    this.loading = new Loading(this.store, this.api, this.thumbnails, () => this.login());
    this.lost = recovering(() => this.#missed());
    document.querySelector(".jump").addEventListener("click", (event) => { event.preventDefault(); this.focus(); });
  }

  /** Ask who is here, then show the groups. */
  async start() {
    const reply = await this.api.session();
    if (reply.status === 401) return this.login();
    if (reply.status === 403) return this.#shut(reply);
    if (reply.status !== 200) return this.#later(reply);
    const session = reply.body;
    const project = `s2c2.${session.dataset}.`;
    const prefix = `${project}${session.annotator}.`;
    const tab = this.#tab(prefix);
    versioned(session.dataset);
    this.clock = clock(session.settings?.idle_seconds ?? 30, `${prefix}clock`);
    this.#count(`${prefix}active`);
    this.store.set({ session, seq: session.seq, keys: keyMap(session.keys, localStorage.getItem(KEYS)) });
    this.doing = new Doing({ ...this, tab, prefix, login: () => this.login() });
    this.#build();
    this.store.set({ unsaved: this.doing.outbox.unsaved });
    this.understood = predecessors(this.store, project, `${prefix}others`);
    await this.doing.outbox.flush();
    tabs(this.store, prefix, tab, this.doing.outbox);
    if (await this.loading.queue()) await this.address.follow();
    turns(this);
    neighbours(this);
    this.give = lease(this, prefix, tab);
    return undefined;
  }

  /** Which window this is. The copy of an open one is another window, and does not go on with its time. @param {string} prefix */
  #tab(prefix) {
    const last = sessionStorage.getItem("s2c2.tab");
    const tab = own(localStorage, prefix, last, uuid, Date.now());
    if (tab !== last) for (const name of ["clock", "active"]) sessionStorage.removeItem(`${prefix}${name}`);
    sessionStorage.setItem("s2c2.tab", tab);
    return tab;
  }

  /** Active time of this window goes on after a reload. @param {string} name of it in the storage */
  #count(name) {
    this.store.set({ active: Number(sessionStorage.getItem(name)) || 0 });
    addEventListener("pagehide", () => sessionStorage.setItem(name, String(this.store.state.active)));
  }

  /** A large picture did not come: the server may show another dataset, or not know this person any more. */
  async #missed() {
    const { status } = await this.api.ask("session");
    if (status === 401) this.login();
  }

  #build() {
    const work = document.getElementById("work");
    this.views = { groups: new Groups(this), single: new Single(this), grow: new Growing(this), review: new Review(this), dashboard: new Dashboard(this), people: new People(this), between: new Between(this) };
    this.zoom = new Zoom();
    this.commands = commands(this);
    const rail = new Rail(document.getElementById("rail"), this);
    const notices = new Notices(document.getElementById("notices"), document.getElementById("toast"), this);
    this.store.listen((state) => {
      const view = this.views[state.view];
      if (this.shown !== view) this.#turn(view, work);
      view.show(state);
      rail.show(state);
      notices.show(state);
    });
    this.address = new Address(this);
    this.#listen();
  }

  #turn(view, work) {
    this.views.grow.leave();
    this.shown = view;
    fill(work, view.element);
    view.enter?.();
  }

  #listen() {
    addEventListener("keydown", (event) => this.#key(event));
    addEventListener("keyup", () => this.zoom.close());
    addEventListener("blur", () => this.zoom.close());
    addEventListener("mousedown", unfocused);
    addEventListener("online", () => { this.doing.outbox.resume(); this.pictures(); });
  }

  #key(event) {
    if (event.isComposing || document.querySelector("dialog[open]") || event.target.closest?.("dialog")) return;
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const place = this.store.state.view;
    const keys = combination(event);
    const joining = place === "grow" && keys === "enter" && event.target.closest?.(".page");
    const pressing = !joining && event.target.closest?.("button, a, summary") && ["enter", "space"].includes(keys);
    if (typing || !keys || pressing) return;
    if (this.#special(place, keys, event) || moved(this, keys)) return event.preventDefault();
    const action = meaning(this.store.state.keys, place, keys);
    if (!action) return undefined;
    event.preventDefault();
    return event.repeat && !repeats(action) ? undefined : this.run(action);
  }

  #special(place, keys, event) {
    if (place === "grow" && keys === "enter") return event.repeat || this.views.grow.join(), true;
    if (keys !== "escape") return false;
    if (this.store.state.rail) return this.store.set({ rail: false }), true;
    if (place === "groups") return false;
    return this.enter("groups"), true;
  }

  /** Do what an action says. @param {string} action */
  run(action) {
    if (action.startsWith("label:")) return label(this, Number(action.slice(6)));
    return this.commands[action]?.();
  }

  /** @param {string} view */
  enter(view) {
    if (!this.may(view)) return undefined;
    const { view: before, group, selection } = this.store.state;
    this.store.set({ view, rail: false });
    if (before === view) return this.shown?.enter?.();
    const untouched = group && group.id !== this.views.single.group && !selection.cursor && !selection.chosen.size;
    const at = untouched ? this.#beginning(group.id) : 0;
    return at && this.store.set({ selection: pointed(selection, at) });
  }

  /** Where a person begins in a group. A grid shows all images and begins at its first one. @param {string} id @returns {number} */
  #beginning(id) {
    const { session, queue, view } = this.store.state;
    const found = queue.find((one) => one.group === id);
    return found && view === "single" ? beginning(session, found) : 0;
  }

  /** Open a group; the one on the screen stays where it is. @param {string} id */
  open(id) {
    const at = this.store.state.group?.id === id ? 0 : this.#beginning(id);
    if (!at) return this.loading.open(id);
    this.loading.ahead.delete(id);
    return this.loading.open(id, { at });
  }

  /** Whether a view is for who is here. Who takes no part in a study has no images to answer. @param {string} view @returns {boolean} */
  may(view) {
    const { role, mode, board, arm } = this.store.state.session ?? {};
    if (view === "people") return role === "owner" && mode === "accounts";
    if (view === "review") return role !== "annotator";
    if (view === "grow") return board && arm !== "none";
    return board || view === "dashboard";
  }

  /**
   * Go to a group.
   * @param {string} group @param {boolean} [focused] its button has the focus, which goes to the images: the keys that follow are for these
   */
  async goto(group, focused = false) {
    this.store.set({ rail: false, ...(["review", "dashboard", "people", "grow"].includes(this.store.state.view) ? { view: "groups" } : {}) });
    const came = this.open(group);
    if (!focused) return came;
    const work = this.#work();
    await came;
    if (document.activeElement === work) this.focus();
    return came;
  }

  /** Put the focus on what is worked on: the image at the cursor of a grid, else the whole area. */
  focus() {
    this.#work();
    this.shown?.focus?.();
  }

  #work() {
    const work = document.getElementById("work");
    work.focus({ preventScroll: true });
    return work;
  }

  /** Begin another board of a study; time starts anew. @param {any} session */
  async begin(session) {
    const { dataset, annotator } = this.store.state.session;
    if (session.dataset !== dataset || session.annotator !== annotator) return location.reload();
    this.clock.take();
    this.doing.past = [];
    this.loading.ahead.clear();
    history.replaceState(null, "", "#");
    this.store.set({ session, seq: session.seq, coming: null, queue: [], progress: null, group: null, opening: null, selection: nothing(0) });
    if (await this.loading.queue()) await this.address.follow();
    return undefined;
  }

  /** The next group with something open. */
  nextGroup() {
    const next = this.loading.after(this.store.state.group?.id ?? null);
    return next ? this.open(next) : this.doing.say("All images of all groups have an answer.");
  }

  /** Try again what failed. */
  async again() {
    const { opening, group } = this.store.state;
    this.store.set({ trouble: null });
    this.loading.failed = null;
    const id = opening ?? group?.id;
    if (await this.loading.queue()) await (id ? this.loading.open(id, { fresh: true }) : this.address.follow());
  }

  /** Ask again for pictures that did not come. */
  pictures() {
    this.thumbnails.again();
    this.lost();
  }

  /** The first key of an action, as printed. @param {string} action */
  key(action) {
    return shown(this.store.state.keys[action]?.[0] ?? "");
  }

  /** @param {Record<string, string[]>} keys */
  rekey(keys) {
    localStorage.setItem(KEYS, JSON.stringify(keys));
    this.store.set({ keys });
  }

  /** Switch between light and dark. */
  theme() {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    localStorage.setItem("s2c2.theme", dark ? "light" : "dark");
    themed();
  }

  /** Log in on a page of its own; what is not saved yet stays in this browser. */
  login() {
    location.assign("static/login.html");
  }

  async logout() {
    await this.give?.();
    const reply = await this.api.post("logout", {});
    if (reply.status >= 200 && reply.status < 300) this.login();
    else this.doing.say(sentence(reply));
  }

  /** Somebody may not be here at all: another person may. @param {{status: number, body: any}} reply */
  #shut(reply) {
    const other = h("button", { onclick: () => this.login() }, "Log in as somebody else");
    fill(document.getElementById("work"), h("div", { class: "empty" }, h("p", { role: "alert" }, sentence(reply)), other));
  }

  #later(reply) {
    fill(document.getElementById("work"), `${sentence(reply)} Trying again …`);
    setTimeout(() => this.start(), 2000);
  }
}

/** A click leaves the focus where it is, so that the next key does what the page shows and not the same button again. */
function unfocused(event) {
  const button = event.target.closest?.("button");
  if (button?.closest("#rail, .head, .bar-area, #toast, #notices")) event.preventDefault();
}

function themed() {
  const theme = localStorage.getItem("s2c2.theme");
  if (THEMES.includes(theme)) document.documentElement.dataset.theme = theme;
}

themed();
new App().start();
