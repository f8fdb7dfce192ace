/** What a person must know: unsaved acts, a conflict, another tab, trouble. And the short word after an act. */

import { said } from "../logic/boards.mjs";
import { counted, first, unsaved as named } from "../logic/words.mjs";
import { fill, h, icon, text } from "./dom.mjs";

/** Acts not recorded that are told at a time; the others follow as these are read. */
const MOST = 3;

/** Milliseconds that a toast stays. */
const STAYS = 6000;

export class Notices {
  /** @param {HTMLElement} root @param {HTMLElement} toast @param {any} app */
  constructor(root, toast, app) {
    this.root = root;
    this.toast = toast;
    this.app = app;
    this.words = h("span");
    this.undo = h("button", { class: "plain", onclick: () => app.run("undo") }, "Undo", h("kbd"));
    fill(toast, this.words, this.undo);
  }

  /** @param {any} state */
  show(state) {
    const waits = state.view === "between" ? null : state.coming;
    const facts = [state.away && state.unsaved, state.elsewhere && state.unsaved, state.refusals, state.tabs, state.trouble, state.held, state.session, waits];
    if (!this.facts || facts.some((fact, at) => fact !== this.facts[at])) this.#notices(state);
    this.facts = facts;
    if (state.toast !== this.said) this.#say(state.toast);
    this.said = state.toast;
    if (state.view !== this.view && !["groups", "single"].includes(state.view)) delete this.toast.dataset.open;
    this.view = state.view;
  }

  #notices({ away, elsewhere, unsaved, refusals, tabs, trouble, held, coming, view }) {
    fill(this.root,
      elsewhere ? notice("elsewhere", `The server shows other data now than this page. ${unsaved ? `${counted(unsaved, "act")} ${unsaved === 1 ? "is" : "are"} kept in this browser and sent when the data of this page is back at this address. ` : ""}Reload to see what is there.`,
        h("button", { onclick: () => location.reload() }, "Reload")) : null,
      coming && view !== "between" ? this.#coming(said(coming)) : null,
      away && unsaved ? notice("unsaved", `The server does not answer. ${counted(unsaved, "act")} ${unsaved === 1 ? "is" : "are"} kept in this browser and sent as soon as it is back: ${this.#waiting()}. Go on working.`,
        h("button", { onclick: () => this.app.doing.outbox.resume() }, "Try now")) : null,
      refusals.slice(0, MOST).map((one) => this.#refused(one)),
      held ? notice("held", held, null) : null,
      trouble && !away ? notice("trouble", trouble, h("button", { onclick: () => this.app.again() }, "Try again")) : null,
      tabs ? notice("tabs", "This project is open in another tab too. Both save; what one does, the other shows a moment later.", null) : null);
  }

  #waiting() {
    const { doing, store } = this.app;
    return named(doing.outbox.waiting, store.state.session.classes);
  }

  /** The next board waits while a person looks at the one before. */
  #coming({ title, button }) {
    return button && notice("coming", title, h("button", { "data-action": "begin", onclick: () => this.app.views.between.next() }, button));
  }

  /** An act that was not recorded. The screen stays where it is: its group may no longer be the one that is open. */
  #refused(refusal) {
    const { key, elsewhere } = refusal;
    const go = () => { this.app.doing.understood(key); this.app.goto(elsewhere.group); };
    return notice("conflict", told(refusal, this.app.store.state.session.annotator),
      elsewhere ? h("button", { "data-action": "show", onclick: go }, "Show the group") : null,
      h("button", { "data-action": "understood", onclick: () => this.app.doing.understood(key) }, "Understood"));
  }

  #say(toast) {
    if (!toast) return;
    text(this.words, toast.words);
    this.undo.hidden = !toast.undo;
    text(this.undo.lastChild, this.app.key("undo"));
    this.toast.dataset.open = "";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { delete this.toast.dataset.open; }, STAYS);
  }
}

const notice = (kind, words, ...buttons) => h("div", { class: `notice ${kind}`, role: ["tabs", "coming"].includes(kind) ? "status" : "alert" }, icon("warning"), h("p", {}, words), buttons);

/** Who was first, and what became of one's own act. */
function told({ words, conflict, elsewhere, decided }, me) {
  const end = decided ? "Your decision was not recorded; the list is shown as it is now."
    : elsewhere ? "What you did there was not recorded." : "What you did was not recorded; the group is shown as it is now.";
  if (!conflict?.who) return `${words} ${end}`;
  const time = conflict.at ? new Date(conflict.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
  const group = decided ? "this image" : (elsewhere?.name ?? "this group");
  return `${first(conflict.who, me, conflict.act ?? "an act", time, group)} ${end}`;
}
