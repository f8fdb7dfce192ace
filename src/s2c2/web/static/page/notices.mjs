/** What a person must know: unsaved acts, a conflict, another tab, trouble. And the short word after an act. */

import { counted } from "../logic/words.mjs";
import { fill, h, icon, text } from "./dom.mjs";

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
    const facts = [state.away && state.unsaved, state.refusal, state.tabs, state.trouble, state.held, state.session];
    if (!this.facts || facts.some((fact, at) => fact !== this.facts[at])) this.#notices(state);
    this.facts = facts;
    if (state.toast !== this.said) this.#say(state.toast);
    this.said = state.toast;
    if (state.view !== this.view && !["groups", "single"].includes(state.view)) delete this.toast.dataset.open;
    this.view = state.view;
  }

  #notices({ away, unsaved, refusal, tabs, trouble, held }) {
    fill(this.root,
      away && unsaved ? notice("unsaved", `The server does not answer. ${counted(unsaved, "act")} ${unsaved === 1 ? "is" : "are"} kept in this browser and sent as soon as it is back. Go on working.`,
        h("button", { onclick: () => this.app.doing.outbox.resume() }, "Try now")) : null,
      refusal ? notice("conflict", told(refusal), h("button", { onclick: () => this.app.store.set({ refusal: null }) }, "Understood")) : null,
      held ? notice("held", held, null) : null,
      trouble && !away ? notice("trouble", trouble, h("button", { onclick: () => this.app.again() }, "Try again")) : null,
      tabs ? notice("tabs", "This project is open in another tab too. Both save; what one does, the other shows a moment later.", null) : null);
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

const notice = (kind, words, button) => h("div", { class: `notice ${kind}`, role: kind === "tabs" ? "status" : "alert" }, icon("warning"), h("p", {}, words), button);

/** Who was first, and what became of one's own act. */
function told({ words, conflict }) {
  if (!conflict?.who) return `${words} What you did was not recorded; the group is shown as it is now.`;
  const time = conflict.at ? new Date(conflict.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
  return `${conflict.who} changed this group first (${conflict.act ?? "an act"}${time ? `, ${time}` : ""}). What you did was not recorded; the group is shown as it is now.`;
}
