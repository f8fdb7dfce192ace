/** The rail: where one is, how far one is, and the groups that wait. */

import { counted, duration, number, percent, status, strength } from "../logic/words.mjs";
import { arrange, bar, fill, h, icon, text, trait } from "./dom.mjs";

const VIEWS = [["groups", "Groups"], ["single", "One by one"], ["review", "Review"], ["dashboard", "Dashboard"], ["people", "People"]];

export class Rail {
  /** @param {HTMLElement} root @param {any} app */
  constructor(root, app) {
    this.app = app;
    this.items = new Map();
    this.progress = h("div", { class: "progress" });
    this.list = h("ul", { class: "queue" });
    this.tabs = VIEWS.map(([view, words]) => this.#tab(view, words));
    const close = h("button", { class: "plain close", "aria-label": "Close the list of groups", onclick: () => app.store.set({ rail: false }) }, icon("close"));
    fill(root, h("div", { class: "brand" }, h("img", { src: "static/icon.svg", alt: "", width: 26, height: 26 }), h("strong", {}, "s2c2"), this.who = h("span", { class: "quiet" }), this.out = this.#logout(), this.#theme(), close),
      h("div", { class: "tabs" }, this.tabs), this.progress, this.heading = h("h2", { class: "quiet" }, "Groups"), this.list);
    root.after(h("div", { class: "shade", onclick: () => app.store.set({ rail: false }) }));
    this.root = root;
  }

  #tab(view, words) {
    const key = h("kbd");
    return h("button", { class: "tab", "data-view": view, onclick: () => this.app.run(view) }, words, key);
  }

  #theme() {
    return h("button", { class: "plain", title: "Light or dark", "aria-label": "Light or dark", onclick: () => this.app.theme() }, icon("theme"));
  }

  #logout() {
    return h("button", { class: "plain", hidden: true, onclick: () => this.app.logout() }, "Log out");
  }

  /** @param {any} state */
  show(state) {
    this.out.hidden = state.session?.mode !== "accounts";
    this.heading.hidden = this.progress.hidden = !state.session?.board;
    trait(this.root, "data-open", state.rail);
    text(this.who, state.session?.annotator ?? "");
    for (const tab of this.tabs) {
      const current = tab.dataset.view === state.view || (tab.dataset.view === "groups" && state.view === "grow");
      trait(tab, "aria-current", current ? "page" : null);
      text(tab.lastChild, this.app.key(tab.dataset.view));
      tab.hidden = !this.app.may(tab.dataset.view);
    }
    const spent = Math.floor(state.active / 10);
    if (state.progress !== this.shownProgress || spent !== this.shownSpent) this.#progress(state);
    if (state.queue !== this.queue || state.group?.id !== this.current) this.#groups(state);
    Object.assign(this, { shownProgress: state.progress, shownSpent: spent, queue: state.queue, current: state.group?.id });
  }

  #progress({ progress, active }) {
    if (!progress) return;
    const share = progress.images ? progress.answered / progress.images : 1;
    fill(this.progress,
      h("div", { class: "line" }, h("strong", {}, `${number(progress.answered)} of ${counted(progress.images, "image")}`), h("span", {}, percent(share))),
      bar(share, `${percent(share)} of the images are answered`, "main"),
      h("div", { class: "line quiet" }, h("span", {}, `${progress.done} of ${counted(progress.groups, "group")}`), h("span", { title: "Active time in this window; pauses do not count" }, `${duration(active)} active`)));
  }

  #groups({ queue, group, session }) {
    const follow = group?.id !== this.current || this.#seen(this.items.get(group?.id));
    const kept = new Map();
    for (const one of queue) {
      const item = this.items.get(one.group) ?? this.#item(one.group);
      kept.set(one.group, item);
      this.#fill(item, one, session);
      trait(item.firstChild, "aria-current", one.group === group?.id ? "true" : null);
    }
    arrange(this.list, [...kept.values()]);
    this.items = kept;
    if (follow) kept.get(group?.id)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Whether some of an item is in sight: a list that was scrolled away from it stays there. */
  #seen(item) {
    if (!item) return false;
    const [box, list] = [item, this.list].map((one) => one.getBoundingClientRect());
    return box.bottom > list.top && box.top < list.bottom;
  }

  #item(id) {
    return h("li", {}, h("button", { class: "group", "data-group": id, onclick: (event) => this.app.goto(id, event.detail === 0) }));
  }

  /** Write a row where something that it says has changed: each answer of the server names all groups anew. */
  #fill(item, one, session) {
    const state = status(one);
    const answered = one.size - one.open;
    const label = suggested(one, session);
    const holder = one.lease && one.lease.who !== session.annotator ? one.lease.who : null;
    const facts = [one.name, one.kind, one.size, one.open, one.done, label?.name, label?.strength, holder];
    if (item.facts?.every((fact, at) => fact === facts[at])) return;
    item.facts = facts;
    trait(item.firstChild, "data-state", state.word);
    fill(item.firstChild,
      h("span", { class: "name" }, one.name, " ", h("span", { class: "kind" }, one.kind)),
      h("span", { class: `state ${state.icon}` }, icon(state.icon), state.word),
      h("span", { class: "counts" }, one.open && answered ? `${number(one.open)} open` : counted(one.size, "image")),
      label ? h("span", { class: "hint" }, `${label.name} ${percent(label.strength)}`, bar(label.strength, `${strength(label.strength)} suggestion`, "strength")) : h("span", { class: "hint quiet" }, "no suggestion"),
      holder ? h("span", { class: "lease" }, `${holder} works on it`) : null);
  }
}

/** The suggestion of a group in the queue, whichever way it is written. */
export function suggested(one, session) {
  if (one.suggestion === null || one.suggestion === undefined) return null;
  const index = typeof one.suggestion === "object" ? one.suggestion.label : one.suggestion;
  const name = typeof index === "number" ? session.classes[index]?.name : index;
  return { name, strength: one.strength ?? one.suggestion.strength ?? 0 };
}
