// Drives a sandbox with twilio-node; only the host of each request is changed. Prints JSON.
const twilio = require("twilio");

const [base, account, token, from] = process.argv.slice(2);
const elsewhere = (url) => url.replace(/^https:\/\/[a-z]+\.twilio\.com/, base);

class Redirected extends twilio.RequestClient {
  request(options) {
    return super.request({ ...options, uri: elsewhere(options.uri) });
  }
}

async function main() {
  const client = twilio(account, token, { httpClient: new Redirected({ timeout: 10000 }) });
  const sent = await client.messages.create({ to: "+14155550105", from, body: "Grüße 👋" });
  const fetched = await client.messages(sent.sid).fetch();
  const listed = await client.messages.list({ limit: 120, pageSize: 50 });
  const code = await client.messages
    .create({ to: "+15005550001", from, body: "Hi" })
    .catch((error) => error.code);
  const key = await client.newKeys.create({ friendlyName: "node" });
  await client.keys(key.sid).remove();
  const service = await client.messaging.v1.services.create({ friendlyName: "node" });
  const scheduled = await client.messages.create({
    to: "+14155550105",
    messagingServiceSid: (await client.messaging.v1.services.list({ limit: 1 }))[0].sid,
    body: "Later",
    sendAt: new Date(Date.now() + 3600_000),
    scheduleType: "fixed",
  });
  const cancelled = await client.messages(scheduled.sid).update({ status: "canceled" });
  const redacted = await client.messages(sent.sid).update({ body: "" });
  console.log(
    JSON.stringify({
      sent: sent.sid,
      body: fetched.body,
      created: fetched.dateCreated instanceof Date,
      listed: listed.map((message) => message.sid),
      code,
      secret: key.secret.length,
      service: service.friendlyName,
      cancelled: cancelled.status,
      redacted: redacted.body,
    }),
  );
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
