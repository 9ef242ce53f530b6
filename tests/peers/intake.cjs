// Tells referrals by the JavaScript SDK of CloudEvents, through its emitter. Prints what came of each
// delivery, a line each.
"use strict";

const { CloudEvent, HTTP, Mode, emitterFor } = require("cloudevents");

const [service, token] = process.argv.slice(2);
const kind = "no.stegspor.referral.referral-proposed.v1";

const event = (number) => new CloudEvent({
  id: `js-${number}`,
  source: "/slemdal/journal",
  type: kind,
  time: "2021-06-30T09:00:00Z",
  subject: `ref-js-${number}`,
  dataschema: `${service}/schemas/${kind}`,
  ward: "B2",
  data: { from: "slemdal", to: "stegforsteg-oslo", situation: "in-patient" },
});

const transport = async ({ headers, body }) => {
  const answer = await fetch(`${service}/v1/intake`, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${token}` },
    body,
  });
  return { status: answer.status, body: await answer.json() };
};

(async () => {
  for (const [name, number, mode] of [
    ["emitter, binary", 1, Mode.BINARY],
    ["emitter, structured", 2, Mode.STRUCTURED],
    ["emitter, structured, again", 1, Mode.STRUCTURED],
  ]) {
    const emit = emitterFor(transport, { binding: HTTP, mode });
    console.log(JSON.stringify({ name, ...(await emit(event(number))) }));
  }
})();
