/** The page for logging in and for following an invite. What follows # in a link never reaches the server's logs. */

const api = new URL("../api/", import.meta.url);
const part = (id) => document.getElementById(id);
let invite = /^#invite=(.+)$/.exec(location.hash)?.[1] ?? null;

/** @param {string} path @param {object} what @returns {Promise<{status: number, body: any}>} */
async function post(path, what) {
  try {
    const answer = await fetch(new URL(path, api), {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(what),
    });
    return { status: answer.status, body: await answer.json().catch(() => null) };
  } catch {
    return { status: 0, body: null };
  }
}

/** What went wrong, as a sentence. @param {{status: number, body: any}} reply */
function sentence({ status, body }) {
  if (status === 0) return "The server does not answer. Try again.";
  const words = String(body?.error ?? `the server refused this (${status})`);
  return `${words[0].toUpperCase()}${words.slice(1)}.`;
}

function write(title, about, button) {
  part("title").textContent = title;
  part("about").textContent = about;
  part("about").hidden = about === "";
  part("send").textContent = button;
}

/** Say what an invite is for. */
async function look() {
  const reply = await post("look-at-invite", { invite });
  if (reply.status !== 200) {
    invite = null;
    write("Log in", "", "Log in");
    part("says").textContent = sentence(reply);
    return;
  }
  const { role, name } = reply.body;
  part("password").autocomplete = "new-password";
  part("rule").hidden = false;
  if (name === null) {
    write("Join", `Choose a name and a password. Your role is ${role}.`, "Join");
  } else {
    write("New password", `Choose a new password for ${name}.`, "Save");
    part("name").value = name;
    part("name").readOnly = true;
    part("password").focus();
  }
}

async function send(event) {
  event.preventDefault();
  if (part("send").disabled) return;
  part("send").disabled = true;
  part("says").textContent = "";
  const given = { name: part("name").value, password: part("password").value };
  const reply = invite === null ? await post("login", given) : await post("accept-invite", { ...given, invite });
  part("send").disabled = false;
  if (reply.status === 200) {
    location.replace(new URL("../", import.meta.url));
    return;
  }
  part("says").textContent = sentence(reply);
  part("password").select();
}

const theme = localStorage.getItem("s2c2.theme");
if (["light", "dark"].includes(theme)) document.documentElement.dataset.theme = theme;
part("form").addEventListener("submit", send);
addEventListener("hashchange", () => location.reload());
if (invite !== null) look();
