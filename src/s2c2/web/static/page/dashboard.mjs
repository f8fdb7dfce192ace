/** How far everyone is, how well they agree, and what to type next. */

import { counted, number, percent } from "../logic/words.mjs";
import { meant, sentence } from "./api.mjs";
import { bar, fill, h, icon } from "./dom.mjs";
import { menu } from "./menu.mjs";
import { card, table } from "./tables.mjs";

export class Dashboard {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.content = h("div", { class: "cards" });
    this.element = h("section", { class: "view dashboard", "aria-label": "Dashboard" },
      h("header", { class: "head" }, menu(app), h("div", { class: "what" }, h("h1", {}, "Dashboard"), h("p", { class: "facts quiet" }, "What is recorded so far"))), this.content);
  }

  show() {}

  async enter() {
    if (!this.content.firstChild) fill(this.content, h("p", { class: "quiet" }, "Loading …"));
    const reply = await this.app.api.ask("dashboard");
    if (reply.status !== 200) return fill(this.content, card("The figures could not be read", h("p", {}, sentence(reply)), h("p", {}, h("button", { onclick: () => this.enter() }, "Try again"))));
    const { body } = reply;
    const { session, coming } = this.app.store.state;
    const { role, study } = coming ?? session;
    const owner = role === "owner" && (study?.finished ?? true);
    return fill(this.content, overall(body), this.#training(body), people(body, study), agreement(body), body.groups.length ? groups(body.groups) : null, owner && this.#export());
  }

  #training({ train, annotators }) {
    const answers = annotators.reduce((sum, one) => sum + one.answers, 0);
    if (!answers) return null;
    const copy = h("button", { onclick: () => this.#copy(train) }, icon("copy"), "Copy");
    const words = train.split(" ").flatMap((word, at) => [at ? " " : null, h("span", {}, word)]);
    return card("Train with these labels", h("p", {}, `${counted(answers, "new answer")}. Type this in a terminal:`), h("div", { class: "command" }, h("code", { tabindex: "0" }, words), copy));
  }

  async #copy(command) {
    try {
      await navigator.clipboard.writeText(command);
      this.app.doing.say("Copied.");
    } catch {
      this.app.doing.say("The browser does not allow copying here. Select the command and copy it.");
    }
  }

  #export() {
    const link = (format, words) => h("a", { class: "button", href: `api/${meant(`export?format=${format}`)}`, download: `annotations.${format}` }, words);
    return card("Take the annotations out", h("p", {}, "One row for each answer, with times and what was shown."), h("div", { class: "presets" }, link("csv", "CSV"), link("parquet", "Parquet")));
  }
}

function overall({ progress, disagreements }) {
  const disputed = disagreements === null ? null : counted(disagreements, "disagreement");
  if (!progress.images) return card("Progress", h("p", { class: "figure" }, "–"), h("p", { class: "quiet" }, ["You have no images to answer", disputed].filter(Boolean).join(", ")));
  const share = progress.answered / progress.images;
  const facts = [`${number(progress.answered)} of ${counted(progress.images, "image")}`, `${progress.done} of ${counted(progress.groups, "group")}`, disputed];
  return card("Progress", h("p", { class: "figure" }, percent(share)), bar(share, `${percent(share)} answered`, "main"), h("p", { class: "quiet" }, facts.filter(Boolean).join(", ")));
}

function people({ annotators, progress }, study) {
  const rows = annotators.map((one) => [one.annotator, far(one, progress, study), one.answers, one.acts, one.minutes.toFixed(1), one.images_per_hour === null ? null : Math.round(one.images_per_hour)]);
  return card("Annotators", rows.length ? table(["annotator", study ? "boards done" : "share", "answers", "acts", "minutes", "images / h"], rows) : h("p", { class: "quiet" }, "Nobody has answered yet."));
}

/** How far one annotator is: on the boards of a study, else with the images of the board of all. */
function far({ done, boards, answers }, { images }, study) {
  if (study) return boards === null ? null : `${done} of ${boards}`;
  return images ? percent(answers / images) : null;
}

function agreement({ agreement: found }) {
  if (!found) return null;
  if (found.kappa === null && found.alpha === null) return card("Agreement", h("p", { class: "quiet" }, "Appears when two annotators have answered the same images."));
  return card("Agreement", table(["measure", "value"], [["κ of two annotators", found.kappa], ["α of all annotators", found.alpha], ["images of several annotators", found.images]]));
}

function groups(found) {
  const rows = found.slice(0, 200).map((one) => {
    const share = one.size ? (one.size - one.open) / one.size : 1;
    return [one.name, one.size, one.open, bar(share, percent(share)), one.done ? "done" : "open"];
  });
  return card("Groups", table(["group", "images", "open", "answered", "state"], rows));
}
