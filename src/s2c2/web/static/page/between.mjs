/** Between two boards of a study: what is done, and what is next. */

import { moved, over, said } from "../logic/boards.mjs";
import { h, text } from "./dom.mjs";

export class Between {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.title = h("h1", { tabindex: "-1" });
    this.words = h("p", { role: "status" });
    this.button = h("button", { class: "primary", "data-action": "begin", onclick: (event) => event.detail > 1 || this.next() });
    this.element = h("section", { class: "view between", "aria-label": "Between two boards" }, h("div", { class: "empty" }, this.title, this.words, this.button));
  }

  /** @param {any} state */
  show({ coming }) {
    if (!coming) return;
    const { title, text: words, button } = said(coming);
    text(this.title, title);
    text(this.words, words);
    text(this.button, button);
    this.button.hidden = !button;
  }

  enter() {
    this.title.focus();
  }

  /** Go on to the next board, or see why there is none yet. */
  async next() {
    const { session } = this.app.store.state;
    const reply = await this.app.api.session();
    if (reply.status !== 200) return this.app.doing.say("The server does not answer.");
    return reply.body.scope === session.scope ? this.app.store.set({ view: "between", coming: reply.body }) : this.app.begin(reply.body);
  }
}

/** Go between boards when one is done; back when its last act is undone. @param {any} app */
export function turns(app) {
  let asked = null;
  let before = "groups";
  app.store.listen(async ({ session, progress, unsaved, view, coming }) => {
    if (!session?.study || unsaved || asked === progress || !progress) return;
    if (!over(progress)) {
      if (coming) app.store.set({ coming: null });
      return view === "between" && app.enter(before);
    }
    asked = progress;
    const reply = await app.api.session();
    const { progress: now, unsaved: waiting, view: left } = app.store.state;
    if (reply.status !== 200 || waiting || !over(now)) asked = null;
    else if (moved(session, reply.body)) {
      if (left !== "between") before = left;
      app.store.set({ view: "between", coming: reply.body, trouble: null });
    }
    return undefined;
  });
}
