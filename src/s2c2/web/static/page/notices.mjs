/** What a person must know: unsaved acts, a conflict, another tab, trouble. And the short word after an act. */

import { nextOpen } from "../logic/board.mjs";
import { said } from "../logic/boards.mjs";
import { before, first, kept, unsaved as named, waiting } from "../logic/words.mjs";
import { arrange, fill, h, icon, text } from "./dom.mjs";

/** Acts not recorded that are told at a time; the others follow as these are read. */
const MOST = 3;

/** Notices that are read out when nothing else is. */
const QUIET = ["tabs", "coming", "others"];

/** Milliseconds that a toast stays. */
const STAYS = 6000;

export class Notices {
  /** @param {HTMLElement} root @param {HTMLElement} toast @param {any} app */
  constructor(root, toast, app) {
    this.root = root;
    this.toast = toast;
    this.app = app;
    this.elements = new Map();
    this.words = h("span");
    this.undo = h("button", { class: "plain", onclick: () => app.run("undo") }, "Undo", h("kbd"));
    fill(toast, this.words, this.undo);
  }

  /** @param {any} state */
  show(state) {
    const waits = state.view === "between" ? null : state.coming;
    const held = lonely(state) ? null : state.held;
    const facts = [state.away && state.unsaved, state.elsewhere, state.elsewhere && state.unsaved, state.refusals, state.tabs, state.trouble, held, state.session, state.others, waits];
    if (!this.facts || facts.some((fact, at) => fact !== this.facts[at])) this.#notices({ ...state, held });
    this.facts = facts;
    if (state.toast !== this.said) this.#say(state.toast);
    this.said = state.toast;
    if (state.view !== this.view && !["groups", "single"].includes(state.view)) delete this.toast.dataset.open;
    this.view = state.view;
  }

  /** What is there stays as it is, and is written where its words change: nothing is read out again, no focus is lost. */
  #notices(state) {
    const before = this.elements;
    this.elements = new Map();
    for (const { kind, key = kind, words, buttons = [] } of this.#wanted(state)) {
      const element = before.get(key) ?? notice(kind, buttons.map(([name, does, act]) => h("button", { "data-action": act, onclick: does }, name)));
      text(element.querySelector("p"), words);
      this.elements.set(key, element);
    }
    arrange(this.root, [...this.elements.values()]);
  }

  #wanted({ away, elsewhere, unsaved, refusals, tabs, trouble, held, others, coming, view, session }) {
    return [
      elsewhere && { kind: "elsewhere", words: elsewhere === true ? gone(unsaved) : waiting(session.annotator, elsewhere, unsaved, session.mode === "local"),
        buttons: [["Reload", () => location.reload()]] },
      coming && view !== "between" && this.#coming(said(coming)),
      away && unsaved && { kind: "unsaved", words: `The server does not answer. ${kept(unsaved, "as soon as it is back")}: ${this.#waiting()}. Go on working.`,
        buttons: [["Try now", () => this.app.doing.outbox.resume()]] },
      ...refusals.slice(0, MOST).map((one) => this.#refused(one)),
      held && { kind: "held", words: held },
      trouble && !away && { kind: "trouble", words: trouble, buttons: [["Try again", () => this.app.again()]] },
      tabs && { kind: "tabs", words: "This project is open in another tab too. Both save; what one does, the other shows a moment later." },
      others.length && { kind: "others", words: before(others, session.mode === "local"), buttons: [["Understood", () => this.app.understood(), "understood"]] },
    ].filter(Boolean);
  }

  #waiting() {
    const { doing, store } = this.app;
    return named(doing.outbox.waiting, store.state.session.classes);
  }

  /** The next board waits while a person looks at the one before. */
  #coming({ title, button }) {
    return button && { kind: "coming", key: `coming ${button}`, words: title, buttons: [[button, () => this.app.views.between.next(), "begin"]] };
  }

  /** An act that was not recorded. The screen stays where it is: its group may no longer be the one that is open. */
  #refused(refusal) {
    const { key, elsewhere } = refusal;
    const understood = () => this.app.doing.understood(key);
    const go = () => { understood(); this.app.goto(elsewhere.group); };
    const buttons = [["Understood", understood, "understood"]];
    if (elsewhere) buttons.unshift(["Show the group", go, "show"]);
    return { kind: "conflict", key: `conflict ${key}`, words: told(refusal, this.app.store.state.session.annotator), buttons };
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

const notice = (kind, buttons) => h("div", { class: `notice ${kind}`, role: QUIET.includes(kind) ? "status" : "alert" }, icon("warning"), h("p"), buttons);

/** Whether somebody else is in the one group that is open, in which many work at once: there is no other to take. */
const lonely = ({ held, group, queue, session }) => Boolean(held) && group?.kind === "plain" && !nextOpen(queue, group.id, session.annotator);

/** That the data of the page is not there, and how many acts wait for it. */
const gone = (unsaved) => `The server shows other data now than this page. ${unsaved ? `${kept(unsaved, "when the data of this page is back at this address")}. ` : ""}Reload to see what is there.`;

/** Who was first, and what became of one's own act. */
function told({ words, conflict, elsewhere, decided }, me) {
  const end = decided ? "Your decision was not recorded; the list is shown as it is now."
    : elsewhere ? "What you did there was not recorded." : "What you did was not recorded; the group is shown as it is now.";
  if (!conflict?.who) return `${words} ${end}`;
  const time = conflict.at ? new Date(conflict.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
  const group = decided ? "this image" : (elsewhere?.name ?? "this group");
  return `${first(conflict.who, me, conflict.act ?? "an act", time, group)} ${end}`;
}
