/** How far everyone is, how well they agree, and what to type next. */

import { counted, number, percent } from "../logic/words.mjs";
import { sentence } from "./api.mjs";
import { bar, fill, h, icon } from "./dom.mjs";

export class Dashboard {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    const menu = h("button", { class: "plain menu", "aria-label": "Groups and progress", onclick: () => app.store.set({ rail: true }) }, icon("menu"));
    this.content = h("div", { class: "cards" });
    this.element = h("section", { class: "view dashboard", "aria-label": "Dashboard" },
      h("header", { class: "head" }, menu, h("div", { class: "what" }, h("h1", {}, "Dashboard"), h("p", { class: "facts quiet" }, "What is recorded so far"))), this.content);
  }

  show() {}

  async enter() {
    const reply = await this.app.api.ask("dashboard");
    if (reply.status !== 200) return fill(this.content, h("p", {}, sentence(reply)));
    const { progress, queue } = this.app.store.state;
    fill(this.content, overall(progress, reply.body), this.#training(reply.body), people(reply.body), agreement(reply.body), groups(reply.body.groups ?? queue), this.#export());
  }

  #training({ train }) {
    const command = typeof train === "object" && train ? (train.command ?? "") : (train ?? "");
    if (!command) return null;
    const copy = h("button", { onclick: () => this.#copy(command) }, icon("copy"), "Copy");
    return card("Train with these labels", h("p", {}, "Type this in a terminal:"), h("div", { class: "command" }, h("code", { tabindex: "0" }, command), copy));
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
    const link = (format, words) => h("a", { class: "button", href: `api/export?format=${format}`, download: `annotations.${format}` }, words);
    return card("Take the annotations out", h("p", {}, "One row for each answer, with times and what was shown."), h("div", { class: "presets" }, link("csv", "CSV"), link("parquet", "Parquet")));
  }
}

const card = (title, ...children) => h("section", { class: "card" }, h("h2", {}, title), children);

const cell = (value) => (typeof value === "number" ? number(Math.round(value * 100) / 100) : String(value ?? "–"));

function table(head, rows) {
  return h("div", { class: "scroll", tabindex: "0" }, h("table", {}, h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((value, at) => (at ? h("td", {}, value instanceof Node ? value : cell(value)) : h("th", { scope: "row" }, cell(value)))))))));
}

function overall(progress, body) {
  if (!progress) return null;
  const share = progress.images ? progress.answered / progress.images : 1;
  const disagreements = body.disagreements?.length ?? body.disagreements;
  return card("Progress", h("p", { class: "figure" }, percent(share)), bar(share, `${percent(share)} answered`, "main"),
    h("p", { class: "quiet" }, `${number(progress.answered)} of ${counted(progress.images, "image")}, ${progress.done} of ${counted(progress.groups, "group")}${disagreements == null ? "" : `, ${counted(disagreements, "disagreement")}`}`));
}

function people({ annotators = [] }) {
  const rows = annotators.map((one) => [one.annotator, one.answers, one.acts, one.minutes ?? one.active_minutes, one.images_per_hour ?? one.images_an_hour ?? one.rate]);
  return card("Annotators", rows.length ? table(["annotator", "answers", "acts", "active minutes", "images an hour"], rows) : h("p", { class: "quiet" }, "Nobody has answered yet."));
}

const FIGURES = { kappa: "κ (two annotators)", alpha: "α (all annotators)" };

function agreement({ agreement: found }) {
  const figures = Object.entries(found ?? {}).filter(([name, value]) => typeof value === "number" || name in FIGURES);
  if (!figures.some(([, value]) => value !== null)) return card("Agreement", h("p", { class: "quiet" }, "Appears when two annotators have answered the same images."));
  return card("Agreement", table(["measure", "value"], figures.map(([name, value]) => [FIGURES[name] ?? name, value])));
}

function groups(found) {
  const rows = found.slice(0, 200).map((one) => {
    const size = one.size ?? 0;
    const share = size ? (size - one.open) / size : 1;
    return [one.name ?? one.group, size, one.open, bar(share, percent(share)), one.done ? "done" : "open"];
  });
  return card("Groups", table(["group", "images", "open", "answered", "state"], rows));
}
