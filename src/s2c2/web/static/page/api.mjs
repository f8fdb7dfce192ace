/** Talking to the server. A reply is `{status, body}`; status 0 means that there was none. */

/** Milliseconds after which a request counts as lost. */
const PATIENCE = 20000;

/** The reply to an act while the server shows another dataset, or takes the acts of another person. @param {string} [person] who that is */
const elsewhere = (person) => ({ status: 409, body: null, elsewhere: true, ...(person ? { person } : {}) });

/** Stands for a person that the server does not name. */
const SOMEBODY = "somebody else";

export class Api {
  /** @param {() => void} [elsewhere] told when the server shows another dataset than the page */
  constructor(elsewhere = () => undefined) {
    this.elsewhere = elsewhere;
    this.csrf = "";
    this.dataset = null;
    this.annotator = null;
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
    if (reply.status === 200) Object.assign(this, { csrf: reply.body.csrf ?? "", dataset: reply.body.dataset, annotator: reply.body.annotator ?? null });
    return reply;
  }

  /**
   * Send an act to the dataset it was made for as the person who made it, and to no other. A token that is no longer valid is renewed once.
   * @param {{dataset: string, annotator?: string}} act @returns {Promise<import("../logic/outbox.mjs").Reply>}
   */
  async act(act) {
    if (this.#foreign(act)) await this.session();
    const wrong = this.#foreign(act);
    if (wrong) return wrong;
    const reply = await this.#posted(act);
    if (reply.status !== 403 && reply.status !== 409) return reply;
    const before = this.csrf;
    const session = await this.session();
    // who has no board here is another person than the one who made the act
    if (session.status === 403) return elsewhere(SOMEBODY);
    if (session.status !== 200) return session;
    const other = this.#foreign(act);
    if (other) return other;
    return reply.status === 403 && this.csrf !== before ? this.#posted(act) : reply;
  }

  /** What the server says to an act; one for another dataset or of another person is kept, whatever it is then. */
  async #posted(act) {
    const reply = await this.#fetch("acts", this.#changing("POST", act));
    const { dataset, annotator } = reply.body ?? {};
    return reply.status === 409 && (dataset || annotator) ? elsewhere(annotator) : reply;
  }

  /** The reply to an act that the server would take for another dataset or person; null for one it may get. */
  #foreign({ dataset, annotator = this.annotator }) {
    if (dataset !== this.dataset) return elsewhere();
    return annotator === this.annotator ? null : elsewhere(this.annotator ?? SOMEBODY);
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
