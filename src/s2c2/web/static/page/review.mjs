/** Images that annotators disagree on: who said what, and a decision. */

import { mean } from "../logic/distribution.mjs";
import { counted, duration, number, percent } from "../logic/words.mjs";
import { picture, sentence } from "./api.mjs";
import { bar, fill, h, icon, text, trait } from "./dom.mjs";
import { menu } from "./menu.mjs";
import { Toolbar } from "./toolbar.mjs";

const EMPTY = "Images appear here when annotators have given them different answers.";
const MORE = "The next ones come as soon as your decisions are saved.";

export class Review {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.items = [];
    this.at = 0;
    this.total = 0;
    this.asked = null;
    this.disputes = 0;
    this.facts = h("p", { class: "facts quiet", role: "status" });
    this.stage = h("div", { class: "reviewing" });
    this.toolbar = new Toolbar(app, "review");
    const step = (name, words) => h("button", { class: "plain", "aria-label": words, title: words, "data-action": name, onclick: () => app.run(name) }, icon(name), h("kbd"));
    this.steps = [step("previous", "Previous image"), step("next", "Next image")];
    this.element = h("section", { class: "view review", "aria-label": "Review" },
      h("header", { class: "head" }, menu(app), h("div", { class: "what" }, h("h1", {}, "Review"), this.facts), h("div", { class: "steps" }, this.steps)),
      this.stage, this.toolbar.element);
  }

  /** @param {any} state */
  show(state) {
    this.session = state.session;
    this.#buttons(state);
    if (state.disputes !== this.disputes || this.#spent()) this.#read();
  }

  /** Whether all that the server has sent is decided, and recorded, and there is more. */
  #spent() {
    return this.total > 0 && !this.items.length && !this.asked && !this.app.doing.outbox.unsaved;
  }

  enter() {
    this.items = [];
    this.total = 0;
    fill(this.stage);
    text(this.facts, "Loading …");
    return this.#read();
  }

  /**
   * Ask what is to be decided, and go to what was not there before, or stay; of several answers the last one counts.
   * What a person has decided meanwhile is not to be decided again.
   */
  async #read() {
    this.disputes = this.app.store.state.disputes;
    const decided = this.asked = new Set(this.app.doing.outbox.waiting.flatMap(({ act, images }) => (act === "decide" ? images : [])));
    const reply = await this.app.api.ask("review");
    if (this.asked !== decided) return undefined;
    this.asked = null;
    if (reply.status !== 200) return this.#failed(reply);
    const [before, here] = [new Set(this.items.map((one) => one.id)), this.item?.id];
    const { total, images } = reply.body;
    this.items = images.filter((one) => !decided.has(one.id));
    this.total = total - images.length + this.items.length;
    const back = this.items.findIndex((one) => !before.has(one.id));
    this.at = back < 0 ? Math.max(0, this.items.findIndex((one) => one.id === here)) : back;
    return this.draw();
  }

  /** What is on the screen stays there; where nothing is, a button asks again. */
  #failed(reply) {
    text(this.facts, sentence(reply));
    if (this.item) return;
    this.stage.toggleAttribute("data-empty", true);
    fill(this.stage, h("div", { class: "empty" }, h("p", {}, "The disagreements could not be read."), h("button", { onclick: () => this.enter() }, "Try again")));
  }

  get item() {
    return this.items[this.at];
  }

  step(step) {
    if (!this.items.length) return;
    this.at = (this.at + step + this.items.length) % this.items.length;
    this.draw();
  }

  /** @param {{label?: number, distribution?: number[]}} more @param {{id: number}} [item] another than that on the screen */
  decide(more, item = this.item) {
    const place = this.items.findIndex((one) => one.id === item?.id);
    if (place < 0 || !this.app.doing.decide([item.id], this.items[place].seq, more)) return;
    const name = more.label === undefined ? "Left as a distribution." : `Decided: ${this.session.classes[more.label]?.name}.`;
    this.app.doing.say(name, true);
    this.asked?.add(item.id);
    this.items = this.items.filter((_, at) => at !== place);
    this.total -= 1;
    if (place < this.at) this.at -= 1;
    this.at = Math.min(this.at, Math.max(0, this.items.length - 1));
    this.draw();
  }

  leave() {
    const found = this.item && mean(this.item.answers, this.session.classes.length);
    if (found) this.decide({ distribution: found });
  }

  draw() {
    const [none, words] = this.total > 0 ? [`${counted(this.total, "more image")} with different answers`, MORE] : ["Nothing to decide", EMPTY];
    text(this.facts, this.item ? `Image ${number(this.at + 1)} of ${counted(this.total, "image")} with different answers` : none);
    this.stage.toggleAttribute("data-empty", !this.item);
    this.#buttons(this.app.store.state);
    if (!this.item) return fill(this.stage, h("p", { class: "empty" }, words));
    const { classes } = this.session;
    fill(this.stage,
      h("figure", {}, h("img", { src: picture(this.item.id), alt: `Image ${this.item.id}`, "data-image": this.item.id })),
      h("div", { class: "said" }, this.item.answers.map((one) => opinion(one, classes)), this.#together(classes)));
    return undefined;
  }

  #together(classes) {
    const shares = mean(this.item.answers, classes.length) ?? [];
    const seen = shares.map((share, at) => [share, at]).filter(([share]) => share >= 0.01).sort((a, b) => b[0] - a[0]);
    return h("section", { class: "opinion together" }, h("h3", {}, "Together"),
      seen.map(([share, at]) => h("div", { class: "line" }, h("span", {}, classes[at].name), bar(share, percent(share)), h("span", {}, percent(share)))));
  }

  /** What can be done with the image, and which classes somebody said. */
  #buttons(state) {
    this.toolbar.show(state, !this.item);
    for (const button of this.steps) text(button.lastChild, this.app.key(button.dataset.action));
    const votes = mean(this.item?.answers ?? [], state.session.classes.length) ?? [];
    for (const button of this.toolbar.classes.children) marked(button, votes[Number(button.dataset.label)] ?? 0);
  }
}

/** The button of a class that somebody said shows its share of the answers. @param {any} button @param {number} share */
function marked(button, share) {
  const said = share > 0;
  trait(button, "data-said", said);
  if (!said) return button.querySelector(".share")?.remove();
  const mark = button.querySelector(".share") ?? button.appendChild(h("span", { class: "share" }, h("span", {}), h("span", { class: "spoken" }, " of the answers")));
  return text(mark.firstChild, percent(share));
}

function opinion(one, classes) {
  const words = one.label != null ? classes[one.label]?.name
    : (one.distribution ?? []).map((share, at) => [share, at]).filter(([share]) => share >= 0.05).sort((a, b) => b[0] - a[0]).map(([share, at]) => `${classes[at].name} ${percent(share)}`).join(", ") || "skipped";
  const round = one.round && one.round > 1 ? `, round ${one.round}` : "";
  return h("section", { class: "opinion" }, h("h3", {}, one.annotator, h("span", { class: "quiet" }, round)), h("strong", {}, words), one.seconds == null ? null : h("span", { class: "quiet" }, one.seconds < 1 ? "in less than a second" : `in ${duration(one.seconds)}`));
}
