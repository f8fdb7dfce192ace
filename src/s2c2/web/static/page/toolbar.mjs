/** The bar below the grid: what the next key acts on, the classes, and the acts, each with its key. */

import { listed } from "../logic/board.mjs";
import { SHOWN, clicksAgain, labeled } from "../logic/keys.mjs";
import { BUTTONS, EDGE, aim, tapping } from "../logic/terms.mjs";
import { counted } from "../logic/words.mjs";
import { fill, h, icon, text, trait } from "./dom.mjs";

/** The acts of each view. */
export const OF = {
  groups: ["misfit", "split", "merge", "ambiguous", "skip", "flag", "finish", "grow"],
  single: ["misfit", "ambiguous", "skip", "flag"],
  review: ["ambiguous", "decide"],
};

/** What the acts of a view for one image are for. */
const AIMS = { single: "Answers are for this image", review: "Decisions are for this image" };

export class Toolbar {
  /** @param {any} app @param {"groups"|"single"|"review"} place */
  constructor(app, place = "groups") {
    this.app = app;
    this.aim = h("span", { class: "aim", role: "status" });
    this.clear = h("button", { class: "plain", onclick: () => app.run("clear") }, icon("close"), "Clear", h("kbd"));
    this.classes = h("div", { class: "classes", role: "group", "aria-label": place === "review" ? "Decide" : "Label" });
    this.acts = OF[place].map((name) => tool(app, name));
    this.compare = tool(app, "compare");
    this.picking = [tool(app, "all"), tool(app, "invert"), this.range = tool(app, "range", "Range")];
    this.history = [tool(app, "undo"), tool(app, "redo"), this.help = tool(app, "help", "Keys")];
    this.tip = h("p", { role: "status" });
    this.legend = h("p", { class: "legend" }, h("span", { class: "mark" }, EDGE[0]), ` ${EDGE[1]}.`);
    this.element = h("footer", { class: "bar-area" },
      h("div", { class: "aims" }, this.aim, this.clear, place === "groups" && h("div", { class: "picking" }, this.picking), h("span", { class: "space" }), this.unsaved = h("span", { class: "quiet saved" }), h("div", { class: "history" }, place === "groups" && this.compare, this.history), this.tips = h("div", { class: "tips" }, this.tip, this.legend)),
      this.classes, this.others = h("div", { class: "acts", role: "group", "aria-label": "Acts" }, this.acts));
    this.place = place;
  }

  /** @param {any} state @param {boolean} [idle] whether there is no image that an act could be for */
  show(state, idle = false) {
    const { session, selection, queue, group, keys, touch } = state;
    const { open = 0, size = 0 } = listed(queue, group) ?? {};
    const chosen = selection.chosen.size;
    const single = this.place !== "groups";
    const [one] = selection.chosen;
    const out = Boolean(group?.members[one]?.misfit);
    text(this.aim, idle || (!single && !group) ? "" : single ? AIMS[this.place] : aim({ chosen, out, open, size }, touch));
    this.#touch(touch && !single, state);
    trait(this.aim, "data-chosen", chosen > 0 && !single);
    this.clear.hidden = single || !chosen;
    this.classes.hidden = this.others.hidden = idle;
    text(this.clear.lastChild, this.app.key("clear"));
    text(this.unsaved, state.unsaved ? `${counted(state.unsaved, "act")} not saved yet` : "All saved");
    if (session.classes !== this.names || keys !== this.keys) this.#classes(session.classes);
    Object.assign(this, { names: session.classes, keys });
    for (const button of [...this.acts, ...this.picking, this.compare, ...this.history]) text(button.lastChild, this.app.key(button.dataset.action));
    this.#enable(chosen, state);
  }

  /** What a finger needs to know, and a range without keys. */
  #touch(here, { touch, selection, group }) {
    this.tips.hidden = this.range.hidden = !here;
    this.legend.hidden = !group?.members.some((one) => one?.extreme);
    text(this.tip, here ? tapping(selection.range) : "");
    trait(this.range, "aria-pressed", String(selection.range !== null));
    named(this.help, touch ? "Help" : "Keys");
  }

  #classes(classes) {
    const buttons = classes.slice(0, SHOWN).map((one, index) =>
      h("button", { class: "class", "data-label": index, onclick: (event) => event.detail > 1 || this.app.run(`label:${index}`) }, keyed(this.app, index), one.name));
    const more = h("button", { class: "class plain", "data-action": "search", onclick: () => this.app.run("search") }, icon("search"), "Search", h("kbd", {}, this.app.key("search")));
    fill(this.classes, buttons, more);
  }

  #enable(chosen, state) {
    const places = this.place === "groups";
    for (const button of this.acts) {
      const { action } = button.dataset;
      const idle = places && ((action === "misfit" && !chosen) || (action === "grow" && state.session.arm === "none"));
      trait(button, "aria-disabled", idle ? "true" : null);
    }
    trait(this.compare, "aria-disabled", chosen < 2 || chosen > 4 ? "true" : null);
    trait(this.history[0], "aria-disabled", state.canUndo ? null : "true");
    trait(this.history[1], "aria-disabled", state.canRedo ? null : "true");
  }
}

/** The key of a class on its button, where it has one. @param {any} app @param {number} index */
export function keyed(app, index) {
  const key = app.key(labeled(index));
  return key ? h("kbd", {}, key) : null;
}

/** Call a button of an act something else. @param {any} button @param {string} words */
function named(button, words) {
  text(button.querySelector("span"), words);
  trait(button, "title", words);
}

/** A button of an act. A double click acts once, but on one whose clicks are all meant. */
function tool(app, action, words = BUTTONS[action][0]) {
  return h("button", { class: "tool", "data-action": action, title: words, onclick: (event) => (event.detail > 1 && !clicksAgain(action)) || app.run(action) }, icon(action), h("span", {}, words), h("kbd"));
}
