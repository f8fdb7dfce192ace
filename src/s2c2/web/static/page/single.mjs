/** One large image at a time, for plain labeling. */

import { open } from "../logic/acts.mjs";
import { onward } from "../logic/beginning.mjs";
import { number, percent, strength } from "../logic/words.mjs";
import { picture } from "./api.mjs";
import { fill, h, icon, text, trait } from "./dom.mjs";
import { answered } from "./grid.mjs";
import { large, load } from "./large.mjs";
import { menu } from "./menu.mjs";
import { Toolbar } from "./toolbar.mjs";

/** Images fetched ahead. */
const AHEAD = 4;

export class Single {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.title = h("h1");
    this.facts = h("p", { class: "facts quiet", role: "status" });
    this.hint = h("div", { class: "suggestion" });
    this.image = large();
    this.chip = h("span", { class: "chip" });
    const step = (name, words) => h("button", { class: "plain", "aria-label": words, title: words, "data-action": name, onclick: () => app.run(name) }, icon(name), h("kbd"));
    this.steps = [step("previous", "Previous image"), step("next", "Next image")];
    this.toolbar = new Toolbar(app, "single");
    this.element = h("section", { class: "view single", "aria-label": "One image" },
      h("header", { class: "head" }, menu(app), h("div", { class: "what" }, this.title, this.facts), this.hint, h("div", { class: "steps" }, this.steps)),
      h("div", { class: "stage" }, this.image, this.chip), this.toolbar.element);
  }

  /** The image on the screen. */
  get member() {
    return this.state?.group?.members[this.at()];
  }

  at() {
    return this.state?.selection.cursor ?? -1;
  }

  /** @param {any} state */
  show(state) {
    const entered = state.group?.id !== this.group;
    this.state = state;
    this.group = state.group?.id;
    if (!state.group) return;
    this.app.loading.see(this.at(), this.at() + 2 * AHEAD);
    if (entered) this.seeking = this.at();
    if (this.#answered(state.group)) return this.onward();
    this.#draw(state);
    this.toolbar.show(state);
  }

  /** Whether an image where an open one was looked for has come with an answer, and another one may be open. */
  #answered({ members }) {
    if (this.seeking !== this.at()) this.seeking = null;
    if (this.seeking === null || !this.member) return false;
    this.seeking = null;
    return !open(this.member) && members.some((one) => !one || open(one));
  }

  /** Go to another image. @param {number} step */
  step(step) {
    const { group, selection } = this.app.store.state;
    const count = group?.members.length;
    return count ? this.#go((selection.cursor + step + count) % count) : this.app.nextGroup();
  }

  /** Go on to an image that is open, or may be where it has not come yet. */
  onward() {
    const { session, group, selection } = this.app.store.state;
    const at = group ? onward(session, group, selection.cursor) : null;
    if (at === null) return this.app.nextGroup();
    this.#go(at);
    this.seeking = group.members[at] ? null : at;
  }

  /** @param {number} cursor */
  #go(cursor) {
    this.seeking = null;
    this.app.store.set({ selection: { ...this.app.store.state.selection, cursor, chosen: new Set(), range: null } });
  }

  #draw({ group, session, selection, queue }) {
    const { member } = this;
    const summary = queue.find((one) => one.group === group.id);
    for (const button of this.steps) text(button.lastChild, this.app.key(button.dataset.action));
    text(this.title, group.name);
    text(this.facts, group.members.length ? `Image ${number(selection.cursor + 1)} of ${number(group.members.length)}, ${number(summary?.open ?? 0)} open` : "No images");
    const hint = group.suggestion ? session.classes[group.suggestion.label]?.name : null;
    fill(this.hint, hint ? h("button", { "data-action": "accept", onclick: () => this.app.run("accept") }, icon("check"), h("span", {}, "Accept ", h("strong", {}, hint)), h("span", { class: "quiet" }, `suggested, ${percent(group.suggestion.strength)}, ${strength(group.suggestion.strength)}`), h("kbd", {}, this.app.key("accept"))) : null);
    load(this.image, member ? picture(member.id) : null);
    trait(this.image, "alt", member ? `Image ${selection.cursor + 1}` : "");
    trait(this.image, "data-image", member?.id);
    const said = member ? [answered(member, session.classes), member.flag && "flagged"].filter(Boolean).join(", ") : "";
    text(this.chip, said);
    this.chip.hidden = !said;
    for (const next of group.members.slice(selection.cursor + 1, selection.cursor + 1 + AHEAD)) if (next) new Image().src = picture(next.id);
  }
}
