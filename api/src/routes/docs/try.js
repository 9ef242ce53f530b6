// Tries a question from the page: hears how far the tables of the past are, then asks. Without this
// script the forms stay hidden.
"use strict";

const token = document.getElementById("token");
document.getElementById("token-form").addEventListener("submit", (event) => event.preventDefault());
for (const hidden of document.querySelectorAll("#token-form, details.try")) hidden.hidden = false;
for (const form of document.querySelectorAll("details.try form")) {
  const parts = {
    form,
    stop: form.querySelector("button[type=button]"),
    bar: form.querySelector("progress"),
    status: form.querySelector("[role=status]"),
    shown: form.querySelector("pre"),
  };
  let asking = null;
  parts.stop.addEventListener("click", () => asking?.abort());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    asking?.abort();
    const mine = (asking = new AbortController());
    const say = (text) => { if (asking === mine) parts.status.textContent = text; };
    parts.shown.hidden = true;
    parts.stop.disabled = false;
    say("");
    try {
      const { ok, body } = await ask(parts, mine.signal, say);
      if (asking !== mine) return;
      parts.shown.textContent = JSON.stringify(body, null, 2);
      parts.shown.hidden = false;
      say(ok ? form.dataset.answered : form.dataset.refused);
    } catch {
      say(mine.signal.aborted ? form.dataset.stopped : form.dataset.unreachable);
    }
    if (asking !== mine) return;
    parts.bar.hidden = true;
    parts.stop.disabled = true;
  });
}

// The problem, if there is one, or the answer.
async function ask(parts, signal, say) {
  const address = addressOf(parts.form);
  const as = (accept) => fetch(address, {
    signal,
    headers: {
      "Accept": accept,
      "Accept-Language": document.documentElement.lang,
      ...(token.value && { "Authorization": `Bearer ${token.value.trim().replace(/^Bearer\s+/i, "")}` }),
    },
  });
  const heard = await as("text/event-stream");
  if (!heard.ok) return { ok: false, body: await heard.json() };
  for await (const { event, data } of events(heard.body)) {
    if (event === "problem") return { ok: false, body: data };
    if (event === "progress") {
      if (parts.bar.hidden) say(parts.form.dataset.making);
      parts.bar.hidden = false;
      parts.bar.max = Math.max(data.until, 1);
      parts.bar.value = data.position;
    }
  }
  const answer = await as("application/json");
  return { ok: answer.ok, body: await answer.json() };
}

function addressOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const field of form.querySelectorAll("input")) {
    const value = field.value.trim();
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(value));
    else if (value) query.set(field.name, value);
  }
  return query.size ? `${path}?${query}` : path;
}

// The events of a stream, as they come.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = "", read; !(read = await reader.read()).done;) {
    const whole = (text + read.value).split("\n\n");
    text = whole.pop();
    for (const lines of whole) {
      const of = (name) => lines.split("\n").find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1).trim();
      if (of("event")) yield { event: of("event"), data: JSON.parse(of("data")) };
    }
  }
}
