// Uploads with the fetch, FormData and Blob that Node brings along; one after another, or all at once.
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { subscribe } from 'node:diagnostics_channel';
import { text } from 'node:stream/consumers';

const job = JSON.parse(await text(process.stdin));
let connections = 0;
subscribe('undici:client:connected', () => { connections += 1; });

async function blob(path) {
  return job.way === 'from disk' ? openAsBlob(path) : new Blob([await readFile(path)]);
}

async function formOf(parts) {
  const form = new FormData();
  for (const part of parts) {
    if (!part.path) form.append(part.name, part.value);
    else if (job.way === 'as File') form.append(part.name, new File([await blob(part.path)], part.filename, { type: 'text/plain' }));
    else form.append(part.name, await blob(part.path), part.filename);
  }
  return form;
}

async function upload(parts) {
  const body = await formOf(parts);
  const headers = { Authorization: `Bearer ${job.token}`, ...job.headers };
  const answer = await fetch(job.url, { method: 'POST', headers, body });
  return { status: answer.status, body: await answer.json() };
}

const answers = [];
if (job.way === 'parallel') answers.push(...await Promise.all(job.forms.map(upload)));
else for (const form of job.forms) answers.push(await upload(form));
process.stdout.write(JSON.stringify({ answers, connections }));
