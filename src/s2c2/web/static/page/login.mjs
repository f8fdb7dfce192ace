/** Logging in, and taking up an invitation. */

import { sentence } from "./api.mjs";
import { fill, h, text } from "./dom.mjs";

export class Login {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.element = h("section", { class: "view login", "aria-label": "Log in" });
  }

  show() {}

  enter() {
    const invite = /^#invite\/(.+)$/.exec(location.hash)?.[1];
    const says = h("p", { class: "conflict", role: "alert" });
    const name = h("input", { name: "name", autocomplete: "username", required: true, autofocus: true });
    const password = h("input", { name: "password", type: "password", autocomplete: invite ? "new-password" : "current-password", required: true });
    const send = async (event) => {
      event.preventDefault();
      const what = { name: name.value, password: password.value, ...(invite ? { token: decodeURIComponent(invite) } : {}) };
      const reply = await this.app.api.post(invite ? "accept-invite" : "login", what);
      if (reply.status >= 200 && reply.status < 300) return this.#in(invite);
      return text(says, sentence(reply));
    };
    fill(this.element, h("form", { class: "card", onsubmit: send }, h("h1", {}, invite ? "Take up the invitation" : "Log in"),
      h("label", {}, "Name", name), h("label", {}, "Password", password), says, h("button", { class: "primary" }, invite ? "Join" : "Log in")));
    name.focus();
  }

  #in(invite) {
    if (invite) history.replaceState(null, "", location.pathname);
    location.reload();
  }
}
