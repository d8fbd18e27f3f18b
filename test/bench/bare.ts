/** The bare limit: the same bytes through node:http and pg into a table with nothing but a primary key; no token, no checks, no search. Run with the database's address as argument. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import pg from 'pg';

const [, , connectionString = ''] = process.argv;
const client = new pg.Client({ connectionString, pipeline: true });
await client.connect();
await client.query('create table if not exists bare (id text primary key, content text not null)');

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

const insert = { name: 'insert', text: 'insert into bare (id, content) values ($1, $2)' };
const insertMany = {
  name: 'insert-many',
  text: `insert into bare (id, content) select * from unnest(string_to_array($1, chr(31)), string_to_array($2, chr(31)))`,
};
const select = { name: 'select', text: 'select content from bare where id = $1' };
const update = { name: 'update', text: 'update bare set content = $2 where id = $1' };
const remove = { name: 'delete', text: 'delete from bare where id = $1' };

interface Bundle {
  readonly entry: readonly { readonly resource: unknown }[];
}

const answer = async (request: IncomingMessage): Promise<readonly [number, string]> => {
  const [, type = '', id = ''] = (request.url ?? '').replace('/fhir', '').split('/');
  if (request.method === 'GET') {
    const { rows } = await client.query<{ content: string }>({ ...select, values: [id] });
    return [200, rows[0]?.content ?? '{}'];
  }
  if (request.method === 'DELETE') {
    await client.query({ ...remove, values: [id] });
    return [204, ''];
  }
  const text = await textOf(request);
  if (request.method === 'PUT') {
    await client.query({ ...update, values: [id, text] });
    return [200, text];
  }
  if (type === '') {
    const { entry } = JSON.parse(text) as Bundle;
    const ids = entry.map(() => randomUUID());
    const contents = entry.map(({ resource }) => JSON.stringify(resource));
    await client.query({ ...insertMany, values: [ids.join('\u001f'), contents.join('\u001f')] });
    return [200, JSON.stringify({ ids })];
  }
  const made = randomUUID();
  await client.query({ ...insert, values: [made, text] });
  return [201, JSON.stringify({ id: made })];
};

const server = createServer((request, response) => {
  answer(request).then(
    ([status, text]) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(text),
    (thrown: unknown) => response.writeHead(500).end(String(thrown)),
  );
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`bare ready ${typeof address === 'object' && address ? address.port : 0}\n`);
});
process.on('SIGTERM', () => process.exit(0));
