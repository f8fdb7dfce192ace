/** The head of a group: what it is, what is suggested and how strongly, and the one button to agree. */

import { listed } from "../logic/board.mjs";
import { KINDS } from "../logic/terms.mjs";
import { counted, number, percent, strength } from "../logic/words.mjs";
import { bar, fill, h, icon, text, trait } from "./dom.mjs";
import { menu } from "./menu.mjs";

export class Header {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.title = h("h1", { tabindex: "-1" });
    this.facts = h("p", { class: "facts quiet" });
    this.means = h("p", { class: "means quiet" });
    this.suggestion = h("div", { class: "suggestion" });
    this.accept = h("button", { class: "primary accept", "data-action": "accept", onclick: (event) => event.detail > 1 || app.run("accept") });
    this.words = h("span");
    this.accept.append(icon("check"), this.words, h("kbd"));
    this.steps = [this.#step("previous", "Previous group", icon("previous")), this.#step("next", "Next group", icon("next")), this.#step("smaller", "Smaller thumbnails", "−"), this.#step("larger", "Larger thumbnails", "+")];
    this.element = h("header", { class: "head" }, menu(app), h("div", { class: "what" }, this.title, this.facts, this.means), this.suggestion, this.accept, h("div", { class: "steps" }, this.steps));
  }

  #step(action, words, sign) {
    const kind = typeof sign === "string" ? "plain sign" : "plain";
    return h("button", { class: kind, "data-action": action, "aria-label": words, title: words, onclick: () => this.app.run(action) }, sign, h("kbd"));
  }

  /** @param {any} state */
  show(state) {
    const { group, queue, session, opening } = state;
    const summary = listed(queue, group) ?? queue.find((one) => one.group === opening);
    text(this.title, group?.name ?? summary?.name ?? "");
    const [kind, means] = KINDS[summary?.kind] ?? [summary?.kind ?? "", ""];
    text(this.facts, summary ? `${number(summary.open)} of ${counted(summary.size, "image")} open · ${kind}` : "");
    trait(this.facts, "title", means);
    text(this.means, means);
    this.means.hidden = !state.touch || !means;
    this.#suggest(group, session);
    const label = group?.suggestion ? session.classes[group.suggestion.label]?.name : null;
    this.accept.hidden = !label;
    this.accept.disabled = !summary?.open;
    text(this.words, summary?.open ? `Accept ${number(summary.open)} as ${label}` : "All answered");
    for (const button of [this.accept, ...this.steps]) {
      const key = this.app.key(button.dataset.action);
      text(button.lastChild, key);
      // a sign that is its own key is not said twice
      button.lastChild.hidden = key === button.firstChild.textContent;
    }
  }

  #suggest(group, session) {
    if (group === this.group) return;
    this.group = group;
    const found = group?.suggestion;
    trait(this.suggestion, "data-empty", !found);
    if (!found) return fill(this.suggestion, group ? h("span", { class: "quiet" }, "No suggestion is shown for this group.") : null);
    const name = session.classes[found.label]?.name;
    const others = (found.distribution ?? []).map((share, at) => [share, at])
      .filter(([share, at]) => at !== found.label && share >= 0.05).sort((a, b) => b[0] - a[0]).slice(0, 2);
    fill(this.suggestion,
      h("span", { class: "line" }, h("span", {}, "Suggested: ", h("strong", {}, name)), h("span", { class: "quiet" }, `${percent(found.strength)}, ${strength(found.strength)}`)),
      bar(found.strength, `strength ${percent(found.strength)}`, "strength"),
      others.length ? h("span", { class: "quiet others" }, `also ${others.map(([share, at]) => `${session.classes[at]?.name} ${percent(share)}`).join(", ")}`) : null);
  }
}
