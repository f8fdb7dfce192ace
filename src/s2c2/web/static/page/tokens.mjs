/** The API tokens of one account, in a window. */

import { day, ended } from "../logic/people.mjs";
import { sentence } from "./api.mjs";
import { dialog } from "./dialogs.mjs";
import { fill, h } from "./dom.mjs";
import { table } from "./tables.mjs";

/** @param {any} people the page @param {{id: number, name: string}} account */
export function tokens(people, account) {
  const content = h("div", {}, h("p", { class: "quiet" }, "Loading …"));
  const draw = async () => {
    const reply = await people.app.api.ask(`accounts/${account.id}/tokens`);
    if (reply.status !== 200) return fill(content, h("p", {}, sentence(reply)));
    const rows = reply.body.map((one) => [one.label, one.role, day(one.created), day(one.used), ended(one), one.open ? revoke(one) : null]);
    return fill(content, rows.length ? table(["for", "role", "made", "last used", "end", ""], rows) : h("p", { class: "quiet" }, "No token was made."));
  };
  const revoke = (one) => h("button", {
    "aria-label": `Revoke ${one.label}`,
    onclick: async () => { await people.change("DELETE", `tokens/${one.id}`, {}, `The token “${one.label}” opens nothing any more.`); await draw(); },
  }, "Revoke");
  draw();
  return dialog(`API tokens of ${account.name}`, "tokens", () => [content]);
}
