// Uploads a form with the fetch, FormData and Blob of Node.js, lists, deletes twice; prints each status and the list.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

const job = JSON.parse(await text(process.stdin));
const headers = { Authorization: `Bearer ${job.token}` };
const files = `${job.url}/api/libraryfiles`;
const form = new FormData();
form.append('Description', 'test description');
form.append('ParametersDescription', 'test');
form.append('HasParameters', 'true');
form.append('file', new Blob([await readFile('mdatp1.png')]), 'mdatp1.png');
const upload = await fetch(files, { method: 'POST', headers, body: form });
const list = await fetch(files, { headers });
const listed = await list.json();
const remove = () => fetch(`${files}/mdatp1.png`, { method: 'DELETE', headers });
const statuses = [upload, list, await remove(), await remove()].map((answer) => answer.status);
process.stdout.write(JSON.stringify({ statuses, listed }));
