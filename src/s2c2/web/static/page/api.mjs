/** Talking to the server. A reply is `{status, body}`; status 0 means that there was none. */

/** Milliseconds after which a request counts as lost. */
const PATIENCE = 20000;

/** The reply to an act while the server shows another dataset. */
const ELSEWHERE = { status: 409, body: null, elsewhere: true };

export class Api {
  /** @param {() => void} [elsewhere] told when the server shows another dataset than the page */
  constructor(elsewhere = () => undefined) {
    this.elsewhere = elsewhere;
    this.csrf = "";
    this.dataset = null;
  }

  /**
   * Ask for something of the dataset that the page shows, and of no other.
   * @param {string} path below /api @param {RequestInit} [more] @returns {Promise<{status: number, body: any, elsewhere?: boolean}>}
   */
  async ask(path, more = {}) {
    const reply = await this.#fetch(meant(path), more);
    if (reply.status !== 409 || !reply.body?.dataset) return reply;
    this.elsewhere();
    return { ...reply, elsewhere: true };
  }

  async #fetch(path, more = {}) {
    try {
      const answer = await fetch(`api/${path}`, { credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE), ...more });
      const body = await answer.json().catch(() => null);
      return { status: body === null && answer.ok && answer.status !== 204 ? 0 : answer.status, body };
    } catch {
      return { status: 0, body: null };
    }
  }

  /** @param {string} path @param {object} what */
  post(path, what) {
    return this.send("POST", path, what);
  }

  /** @param {string} method @param {string} path @param {object} what @param {RequestInit} [more] */
  send(method, path, what, more = {}) {
    return this.ask(path, { ...this.#changing(method, what), ...more });
  }

  #changing(method, what) {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": this.csrf };
    return { method, headers, body: JSON.stringify(what) };
  }

  async session() {
    const reply = await this.#fetch("session");
    if (reply.status === 200) Object.assign(this, { csrf: reply.body.csrf ?? "", dataset: reply.body.dataset });
    return reply;
  }

  /**
   * Send an act to the dataset it was made for, and to no other. A token that is no longer valid is renewed once.
   * @param {{dataset: string}} act @returns {Promise<import("../logic/outbox.mjs").Reply>}
   */
  async act(act) {
    if (act.dataset !== this.dataset) await this.session();
    if (act.dataset !== this.dataset) return ELSEWHERE;
    const post = () => this.#fetch("acts", this.#changing("POST", act));
    const reply = await post();
    if (reply.status !== 403 && reply.status !== 409) return reply;
    const before = this.csrf;
    const session = await this.session();
    if (session.status !== 200) return session;
    if (act.dataset !== this.dataset) return ELSEWHERE;
    return reply.status === 409 || this.csrf === before ? reply : post();
  }
}

/** What went wrong, in one or two sentences. @param {{status: number, body: any}} reply */
export function sentence({ status, body }) {
  if (status === 0) return "The server does not answer.";
  const words = body?.error ?? `The server refused this (${status}).`;
  return [words, body?.hint].filter(Boolean).map((part) => part[0].toUpperCase() + part.slice(1)).map(stopped).join(" ");
}

const stopped = (part) => (/[.!?]$/.test(part) ? part : `${part}.`);

let version = "";

/** Let addresses name the dataset of the page: the server refuses them for another, the browser keeps their pictures. @param {string} dataset */
export const versioned = (dataset) => { version = encodeURIComponent(dataset); };

/** A path below /api that is meant for the dataset of the page. @param {string} path */
export const meant = (path) => (version ? `${path}${path.includes("?") ? "&" : "?"}dataset=${version}` : path);

/** Address of a picture. @param {number} id @param {number} [size] */
export const picture = (id, size) => (size ? `api/images/${id}/thumb?size=${size}&v=${version}` : `api/images/${id}/full?v=${version}`);

/** Address of many small pictures in one answer. @param {number[]} ids @param {number} size */
export const pictures = (ids, size) => `api/thumbnails?size=${size}&v=${version}&images=${ids.join(",")}`;
