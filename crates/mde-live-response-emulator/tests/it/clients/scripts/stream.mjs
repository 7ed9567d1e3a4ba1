// Uploads with Node's fetch from a ReadableStream, the form written by hand: a body without a length, sent chunked.
import { createReadStream } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';

const job = JSON.parse(await text(process.stdin));
const encoder = new TextEncoder();

async function* pieces(parts, boundary) {
  for (const part of parts) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${part.name}"`;
    if (part.path) {
      yield encoder.encode(`${head}; filename="${part.filename}"\r\nContent-Type: application/octet-stream\r\n\r\n`);
      yield* createReadStream(part.path, { highWaterMark: 50000 });
      yield encoder.encode('\r\n');
    } else {
      yield encoder.encode(`${head}\r\n\r\n${part.value}\r\n`);
    }
  }
  yield encoder.encode(`--${boundary}--\r\n`);
}

const answers = [];
for (const form of job.forms) {
  const boundary = randomUUID();
  const source = pieces(form, boundary);
  const body = new ReadableStream({
    async pull(controller) {
      const { value, done } = await source.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
  });
  const headers = { Authorization: `Bearer ${job.token}`, 'Content-Type': `multipart/form-data; boundary=${boundary}` };
  const answer = await fetch(job.url, { method: 'POST', headers, body, duplex: 'half' });
  answers.push({ status: answer.status, body: await answer.json() });
}
process.stdout.write(JSON.stringify({ answers }));
