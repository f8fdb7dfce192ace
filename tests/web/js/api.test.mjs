import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Api, versioned } from "../../../src/s2c2/web/static/page/api.mjs";

const session = { csrf: "new", dataset: "d" };
const server = { session, answers: [], bodies: [], acts: [] };

/** What the server would answer. */
globalThis.fetch = async (path, { method = "GET", body, headers } = {}) => {
  server.asked = path;
  if (path.includes("dataset=old")) return Response.json({ error: "…", dataset: "d" }, { status: 409 });
  if (method === "GET") return Response.json(server.session ?? { error: "…" }, { status: server.session ? 200 : 403 });
  server.acts.push({ ...JSON.parse(body), token: headers["X-CSRF-Token"] });
  return Response.json(server.bodies.shift() ?? {}, { status: server.answers.shift() ?? 201 });
};

beforeEach(() => Object.assign(server, { session, answers: [], bodies: [], acts: [] }));

async function opened() {
  const api = new Api();
  await api.session();
  return api;
}

test("a token that is no longer valid is renewed, and the act sent again", async () => {
  const api = await opened();
  api.csrf = "old";
  server.answers = [403];
  assert.equal((await api.act({ dataset: "d" })).status, 201);
  assert.deepEqual(server.acts.map(({ token }) => token), ["old", "new"]);
});

for (const status of [403, 409]) {
  test(`after ${status} from a server with another dataset the act is not sent again`, async () => {
    const api = await opened();
    server.session = { csrf: "other", dataset: "e" };
    server.answers = [status];
    assert.equal((await api.act({ dataset: "d" })).elsewhere, true);
    assert.equal(server.acts.length, 1);
    assert.equal((await api.act({ dataset: "d" })).elsewhere, true);
    assert.equal(server.acts.length, 1);
    server.session = session;
    assert.equal((await api.act({ dataset: "d" })).status, 201);
  });
}

test("an act that came too late is not sent again", async () => {
  const api = await opened();
  server.answers = [409];
  const reply = await api.act({ dataset: "d" });
  assert.deepEqual([reply.status, reply.elsewhere, server.acts.length], [409, undefined, 1]);
});

test("a page of another dataset is told of it, but asks who is here all the same", async () => {
  let told = 0;
  const api = new Api(() => { told += 1; });
  versioned("old");
  try {
    assert.equal((await api.ask("groups/all?offset=0")).elsewhere, true);
    assert.equal(server.asked, "api/groups/all?offset=0&dataset=old");
    assert.equal((await api.post("lease", {})).elsewhere, true);
    assert.equal(server.asked, "api/lease?dataset=old");
    assert.equal(told, 2);
    assert.deepEqual([(await api.session()).status, server.asked, told], [200, "api/session", 2]);
  } finally {
    versioned("");
  }
});

/** What the page of Ada does when the server has found somebody else in place of her. */
for (const [words, status] of [["a restarted server", 409], ["another log-in in this browser", 403]]) {
  test(`an act is not sent again as that of another person: ${words}`, async () => {
    server.session = { csrf: "hers", dataset: "d", annotator: "ada" };
    const api = await opened();
    server.session = { csrf: "his", dataset: "d", annotator: "bo" };
    server.answers = [status];
    const act = { dataset: "d", annotator: "ada" };
    const elsewhere = { status: 409, body: null, elsewhere: true, person: "bo" };
    assert.deepEqual(await api.act(act), elsewhere);
    assert.deepEqual(await api.act(act), elsewhere);
    assert.deepEqual(server.acts.map(({ token }) => token), ["hers"]);
    server.session = { csrf: "new", dataset: "d", annotator: "ada" };
    assert.equal((await api.act(act)).status, 201);
    assert.equal(server.acts.at(-1).token, "new");
  });
}

test("an act is kept where the other person has no board to be told of", async () => {
  server.session = { csrf: "hers", dataset: "d", annotator: "ada" };
  const api = await opened();
  server.session = null;
  server.answers = [403];
  const reply = await api.act({ dataset: "d", annotator: "ada" });
  assert.deepEqual([reply.elsewhere, reply.person], [true, "somebody else"]);
});

test("an act that the server found to be for others is kept, also when they have gone again", async () => {
  server.session = { csrf: "hers", dataset: "d", annotator: "ada" };
  const api = await opened();
  server.bodies = [{ error: "…", annotator: "bo" }, { error: "…", dataset: "e" }];
  server.answers = [409, 409];
  for (const person of ["bo", undefined]) {
    const reply = await api.act({ dataset: "d", annotator: "ada" });
    assert.deepEqual([reply.elsewhere, reply.person], [true, person]);
  }
});
