/** The people of a project, for its owners: accounts, invites, API tokens, and who did what. */

import { day, minute, standing } from "../logic/people.mjs";
import { counted } from "../logic/words.mjs";
import { sentence } from "./api.mjs";
import { choose, dialog } from "./dialogs.mjs";
import { fill, h, icon, text } from "./dom.mjs";
import { menu } from "./menu.mjs";
import { card, table } from "./tables.mjs";
import { tokens } from "./tokens.mjs";

const ROLES = ["annotator", "reviewer", "owner"];

export class People {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.says = h("p", { class: "facts quiet", role: "status" });
    this.content = h("div", { class: "cards people" });
    this.element = h("section", { class: "view", "aria-label": "People" },
      h("header", { class: "head" }, menu(app), h("div", { class: "what" }, h("h1", {}, "People"), this.says)), this.content);
  }

  show() {}

  /** Read everything anew, and keep the focus where it was. */
  async enter() {
    const { api } = this.app;
    const names = ["accounts", "invites", "audit?limit=50"];
    const replies = await Promise.all(names.map((name) => api.ask(name)));
    const wrong = replies.find((reply) => reply.status !== 200);
    if (wrong) return fill(this.content, card("People cannot be shown", h("p", {}, sentence(wrong)), h("p", {}, h("button", { onclick: () => this.enter() }, "Try again"))));
    const [accounts, invites, audit] = replies.map((reply) => reply.body);
    const focus = document.activeElement?.dataset?.focus;
    text(this.says, counted(accounts.length, "account"));
    fill(this.content, this.#accounts(accounts), this.#inviting(invites), this.#mine(), this.#audit(audit));
    this.content.querySelector(`[data-focus="${focus}"]`)?.focus();
    return undefined;
  }

  /**
   * Change something, say what went wrong, and show what is there now.
   * @param {string} method @param {string} path @param {object} [what] @param {string} [done] said when it went well
   * @returns {Promise<any>} the answer; null when it was refused
   */
  async change(method, path, what = {}, done = "Done.") {
    const reply = await this.app.api.send(method, path, what);
    const well = reply.status >= 200 && reply.status < 300;
    if (reply.status === 401) this.app.login();
    this.app.doing.say(well ? done : sentence(reply));
    await this.enter();
    return well ? (reply.body ?? {}) : null;
  }

  #accounts(accounts) {
    const rows = accounts.map((one) => [one.name, one.role, day(one.created), standing(one), this.#acts(one)]);
    return card("Accounts", table(["name", "role", "made", "state", ""], rows));
  }

  async #role(one) {
    const role = await choose(`Role of ${one.name}`, ROLES.map((name) => ({ name, detail: name === one.role ? "now" : "" })), this.app.store.state.touch);
    if (!role || role.name === one.role) return;
    const changed = await this.change("POST", `accounts/${one.id}/role`, { role: role.name }, `${one.name} is ${role.name} now.`);
    if (changed && one.name === this.app.store.state.session.annotator) location.reload();
  }

  #acts(one) {
    const blocked = one.disabled !== null;
    const [path, words] = blocked ? ["enable", "Let in again"] : ["disable", "Block"];
    const turn = () => this.change("POST", `accounts/${one.id}/${path}`, {}, blocked ? `${one.name} may log in again.` : `${one.name} is blocked. Sessions and API tokens have ended.`);
    return h("div", { class: "presets" },
      h("button", { "data-focus": `role ${one.id}`, "aria-label": `Change the role of ${one.name}`, onclick: () => this.#role(one) }, "Change role"),
      h("button", { "data-focus": `block ${one.id}`, "aria-label": `${words}: ${one.name}`, onclick: turn }, words),
      h("button", { "data-focus": `tokens ${one.id}`, "aria-label": `API tokens of ${one.name}`, onclick: () => tokens(this, one) }, "API tokens"),
      blocked ? null : h("button", { "data-focus": `reset ${one.id}`, "aria-label": `New password for ${one.name}`, onclick: () => this.#reset(one) }, "New password"));
  }

  async #reset(one) {
    const made = await this.change("POST", `accounts/${one.id}/reset`, {}, "The link is made.");
    if (made) await shownOnce(this.app, `New password for ${one.name}`, `Send this link to ${one.name}. It sets a new password, works once, and ends on ${day(made.invite.expires)}.`, made.link);
  }

  #inviting(invites) {
    const open = invites.filter((one) => one.open);
    const role = roles("invite-role");
    const days = h("input", { type: "number", id: "invite-days", min: 1, max: 90, step: 1, value: 7, required: true, "data-focus": "days" });
    const make = async (event) => {
      event.preventDefault();
      const made = await this.change("POST", "invites", { role: role.value, days: Number(days.value) }, "The link is made.");
      if (made) await shownOnce(this.app, "Invite", `Send this link to one person. It makes one account with the role ${made.invite.role}, and ends on ${day(made.invite.expires)}.`, made.link);
    };
    const form = h("form", { class: "asking", onsubmit: make },
      field("Role", role), field("Days", days), h("button", { class: "primary", "data-focus": "invite" }, "Make an invite link"));
    const rows = open.map((one) => [one.role, one.resets ? "new password" : "new account", one.by, day(one.expires), this.#withdraw(one)]);
    return card("Invite somebody", form, rows.length ? table(["role", "for", "made by", "ends", ""], rows) : h("p", { class: "quiet" }, "No link is open."));
  }

  #withdraw(one) {
    const act = () => this.change("DELETE", `invites/${one.id}`, {}, "The link opens nothing any more.");
    return h("button", { "aria-label": `Withdraw link ${one.id}`, onclick: act }, "Withdraw");
  }

  #mine() {
    return card("API tokens", h("p", {}, "Scripts use a token in place of a password. Choose an account above to see its tokens."),
      h("div", { class: "presets" }, h("button", { "data-focus": "token", onclick: () => this.#issue() }, "Make a token for yourself")));
  }

  async #issue() {
    const wanted = await asked();
    if (!wanted) return;
    const made = await this.change("POST", "tokens", wanted, "The token is made.");
    if (made) await shownOnce(this.app, "API token", `Keep it where nobody else reads it; it is not shown again. It ends on ${day(made.token.expires)}.`, made.secret);
  }

  #audit(lines) {
    const rows = lines.map((one) => [minute(one.at), one.who, one.action, one.subject, one.detail, one.address]);
    const more = h("button", { onclick: () => this.#earlier(more, lines[lines.length - 1]?.seq) }, "Earlier ones");
    return card("Who did what", table(["time", "who", "what", "to whom", "more", "address"], rows), lines.length < 50 ? null : h("p", {}, more));
  }

  async #earlier(button, before) {
    const reply = await this.app.api.ask(`audit?limit=50&before=${before}`);
    if (reply.status !== 200) return this.app.doing.say(sentence(reply));
    return button.closest(".card").replaceWith(this.#audit(reply.body));
  }
}

/** A list to choose a role from. @param {string} id */
const roles = (id) => h("select", { id, name: "role", "data-focus": id }, ROLES.map((one) => h("option", { value: one }, one)));

const field = (words, input) => h("div", { class: "field" }, h("label", { for: input.id }, words), input);

/** Show a secret that the server does not tell again. @param {any} app @param {string} title @param {string} words @param {string} secret */
function shownOnce(app, title, words, secret) {
  const field = h("input", { type: "text", readonly: true, value: secret, "aria-label": title, autofocus: true, onfocus: () => field.select() });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(secret);
      app.doing.say("Copied.");
    } catch {
      field.select();
    }
  };
  return dialog(title, "secret", () => [h("p", {}, words), field, h("div", { class: "answers" }, h("button", { class: "primary", onclick: copy }, icon("copy"), "Copy"))]);
}

/** Ask what a token is for. @returns {Promise<{label: string, role: string, days: number}|null>} */
function asked() {
  return dialog("Make an API token", "asking", (close) => {
    const role = roles("token-role");
    const label = h("input", { type: "text", id: "token-label", maxlength: 64, required: true, autofocus: true });
    const days = h("input", { type: "number", id: "token-days", min: 1, max: 3650, value: 90, required: true });
    return [h("form", { onsubmit: (event) => { event.preventDefault(); close({ label: label.value, role: role.value, days: Number(days.value) }); } },
      field("What it is for", label), field("What it may do", role), field("Days until it ends", days), h("div", { class: "answers" }, h("button", { class: "primary" }, "Make the token")))];
  });
}
