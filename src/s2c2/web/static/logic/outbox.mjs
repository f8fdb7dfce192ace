/**
 * Acts on their way to the server: kept until it has answered, sent one after the other, sent again when it is away.
 *
 * Every act is written to the storage before anything else happens, so a reload loses none. It carries a key,
 * so that the server takes an act once, however often it arrives.
 *
 * @typedef {import("./acts.mjs").Act} Act
 * @typedef {{length: number, key(at: number): string|null, getItem(name: string): string|null,
 *   setItem(name: string, text: string): void, removeItem(name: string): void}} Storage
 * @typedef {{status: number, body: any, elsewhere?: boolean, person?: string}} Reply  status 0: no answer; elsewhere: the server has other data now, or person is here
 */

/** Waiting times between attempts, in milliseconds; the last one repeats. */
export const WAITS = [500, 1000, 2000, 4000, 8000, 15000];

/** What an act has in the storage after the name of its person. That may hold dots, and be `ann.act`; a key has none. */
const ACT = /^act\.\d+\.[^.]+$/;
const NAME = /^(.+)\.act\.\d+\.[^.]+$/;

/** The acts of a storage in the order they were made. @param {Storage} storage @param {string} prefix */
export function stored(storage, prefix) {
  const acts = names(storage).filter((name) => name.startsWith(prefix) && ACT.test(name.slice(prefix.length))).sort();
  return acts.map((name) => ({ name, act: read(storage, name) })).filter(({ act }) => act);
}

/**
 * How many acts of other people wait in a storage, made for the same data.
 * @param {Storage} storage @param {string} project what the names of all people's acts begin with @param {string} me
 * @returns {{who: string, acts: number}[]}
 */
export function ofOthers(storage, project, me) {
  const found = new Map();
  for (const name of names(storage)) {
    const who = name.startsWith(project) ? NAME.exec(name.slice(project.length))?.[1] : undefined;
    if (who !== undefined && who !== me && read(storage, name)) found.set(who, (found.get(who) ?? 0) + 1);
  }
  return [...found].map(([who, acts]) => ({ who, acts }));
}

const names = (storage) => Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? "");

function read(storage, name) {
  try {
    return /** @type {Act} */ (JSON.parse(storage.getItem(name)));
  } catch {
    return null;
  }
}

/** What a reply means for the act. @param {Reply} reply @returns {"taken"|"refused"|"login"|"elsewhere"|"again"} */
export function verdict({ status, elsewhere }) {
  if (elsewhere) return "elsewhere";
  if (status >= 200 && status < 300) return "taken";
  if (status === 401) return "login";
  const passing = status === 0 || status === 408 || status === 425 || status === 429 || status >= 500;
  return passing ? "again" : "refused";
}

/**
 * An undo of an act that has its number now. The version of an act stays what the page has seen: the server
 * leaves out what the same tab did since, and an act of another person may lie between the two.
 * @param {Act} act @param {Act} before @param {any} answer @returns {Act}
 */
export function following(act, before, answer) {
  return act.target_key === before.key ? { ...act, target_seq: answer.seq, target_key: null } : act;
}

export class Outbox {
  /**
   * @param {object} parts
   * @param {Storage} parts.storage
   * @param {string} parts.prefix  of the names in the storage: one a project and annotator
   * @param {string} parts.tab
   * @param {(act: Act) => Promise<Reply>} parts.send
   * @param {(milliseconds: number) => Promise<void>} parts.wait
   * @param {(tab: string) => boolean} [parts.elsewhere]  whether another tab that is open looks after these acts
   * @param {(event: {kind: string, act?: Act, reply?: Reply}) => void} [parts.tell]
   */
  constructor({ storage, prefix, tab, send, wait, elsewhere = () => false, tell = () => undefined }) {
    Object.assign(this, { storage, prefix, tab, send, wait, elsewhere, tell });
    this.busy = false;
    this.attempt = 0;
    this.stopped = false;
  }

  /** Acts that this tab has to send. @returns {{name: string, act: Act}[]} */
  mine() {
    return stored(this.storage, this.prefix).filter(({ act }) => act.tab === this.tab || !this.elsewhere(act.tab));
  }

  /** The acts of all tabs that are not saved yet, in the order they were made. @returns {Act[]} */
  get waiting() {
    return stored(this.storage, this.prefix).map(({ act }) => act);
  }

  /** How many these are. */
  get unsaved() {
    return this.waiting.length;
  }

  /**
   * Keep an act and send it.
   * @param {Act} act
   * @throws {Error} when the browser's storage is full; the act is not kept then
   */
  add(act) {
    const last = stored(this.storage, this.prefix).at(-1)?.name ?? "";
    const number = (Number.parseInt(last.slice(`${this.prefix}act.`.length), 10) || 0) + 1;
    const name = `${this.prefix}act.${String(number).padStart(9, "0")}.${act.key}`;
    try {
      this.storage.setItem(name, JSON.stringify(act));
    } catch {
      throw new Error("The browser cannot keep more unsaved acts. Wait until those before are saved.");
    }
    this.tell({ kind: "kept", act });
    return this.flush();
  }

  /** Send what is kept until nothing is left. Calls while it runs do nothing. */
  async flush() {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let next = this.mine()[0]; next && !this.stopped; next = this.mine()[0]) await this.#one(next);
    } finally {
      this.busy = false;
    }
  }

  /** Do not wait for the next attempt: the network is back, someone has logged in, or the data may be back. */
  resume() {
    this.stopped = false;
    this.attempt = 0;
    this.wake?.();
    return this.flush();
  }

  async #one({ name, act }) {
    const reply = await this.send(act);
    const found = verdict(reply);
    if (found === "login" || found === "elsewhere") {
      this.stopped = true;
      this.tell({ kind: found, act, reply });
    } else if (found === "again") {
      this.tell({ kind: "waiting", act, reply });
      const pause = WAITS[Math.min(this.attempt, WAITS.length - 1)];
      this.attempt += 1;
      await Promise.race([this.wait(pause), new Promise((done) => { this.wake = () => done(undefined); })]);
    } else {
      this.attempt = 0;
      this.#settle(name, act, reply, found);
    }
  }

  #settle(name, act, reply, found) {
    const first = this.storage.getItem(name) !== null;
    if (found === "taken") this.#hand(act, reply.body);
    else this.#drop(act);
    this.storage.removeItem(name);
    this.tell({ kind: first ? found : "seen", act, reply });
  }

  #hand(act, answer) {
    for (const { name, act: later } of stored(this.storage, this.prefix)) {
      if (later.key !== act.key && later.tab === act.tab) {
        this.storage.setItem(name, JSON.stringify(following(later, act, answer)));
      }
    }
  }

  /** Undoing what was refused is nothing left to do. */
  #drop(act) {
    for (const { name, act: later } of stored(this.storage, this.prefix)) {
      if (later.target_key === act.key) this.storage.removeItem(name);
    }
  }
}
