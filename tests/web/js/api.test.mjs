import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Api } from "../../../src/s2c2/web/static/page/api.mjs";

const session = { csrf: "new", dataset: "d" };
const server = { session, answers: [], acts: [] };

/** What the server would answer. */
globalThis.fetch = async (path, { method = "GET", body, headers } = {}) => {
  if (method === "GET") return Response.json(server.session);
  server.acts.push({ ...JSON.parse(body), token: headers["X-CSRF-Token"] });
  return Response.json({}, { status: server.answers.shift() ?? 201 });
};

beforeEach(() => Object.assign(server, { session, answers: [], acts: [] }));

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
