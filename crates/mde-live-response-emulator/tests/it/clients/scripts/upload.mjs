// Uploads a form with the fetch, FormData and Blob of Node.js; prints the status.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

const job = JSON.parse(await text(process.stdin));
const form = new FormData();
form.append('Description', 'test description');
form.append('ParametersDescription', 'test');
form.append('HasParameters', 'true');
form.append('file', new Blob([await readFile('mdatp1.png')]), 'mdatp1.png');
const headers = { Authorization: `Bearer ${job.token}` };
const answer = await fetch(`${job.url}/api/libraryfiles`, { method: 'POST', headers, body: form });
process.stdout.write(String(answer.status));
