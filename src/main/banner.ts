/** What a person sees when the gateway is up: where it is, with which key, and three things to try. */

export function banner(url: string, demoKey: string | null, simulatorUrl: string | null): string {
  const lines = [`Pointsman listens on ${url}`];
  if (simulatorUrl !== null) lines.push(`Simulated providers listen on ${simulatorUrl}`);
  if (demoKey === null) return `${lines.join("\n")}\n`;
  const auth = `-H 'Authorization: Bearer ${demoKey}'`;
  const chat = (body: string) =>
    `  curl -i ${url}/v1/chat/completions ${auth} \\\n       -H 'Content-Type: application/json' -d '${body}'`;
  lines.push(
    `Demo key: ${demoKey}`,
    "",
    "Try:",
    chat('{"model":"support-chat","messages":[{"role":"user","content":"Where is my parcel?"}]}'),
    chat(
      '{"model":"support-chat","stream":true,"messages":[{"role":"user","content":"Where is my parcel?"}]}',
    ),
    `  curl ${url}/admin/decisions?limit=1 ${auth}`,
    "",
    "In another terminal: npx pointsman decisions tail",
  );
  return `${lines.join("\n")}\n`;
}
