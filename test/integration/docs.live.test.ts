import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, validate } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { developmentKey } from '../../src/config.ts';
import { schema } from '../../src/graphql/schema.ts';
import { openServer, type Server } from '../support/cluster.ts';
import { cloneDatabase } from '../support/template-database.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/live.md'), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code = '']) => code);

let server: Server;
const cleanup: (() => unknown)[] = [];
beforeAll(async () => {
  const { url, drop } = await cloneDatabase();
  cleanup.push(drop);
  server = await openServer(url);
  cleanup.push(() => server.kill());
});
afterAll(async () => {
  for (const undo of cleanup.reverse()) {
    await undo();
  }
});

async function call(method: string, path: string, body: object): Promise<{ id: string }> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { 'x-api-key': developmentKey, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as { id: string };
}

test('the program on the page goes on where it was when the server is killed and comes back', {
  timeout: 120_000,
}, async () => {
  const [program = ''] = blocks('js');
  const file = join(root, `.live-example-${process.pid}.mjs`); // here, so that it finds the packages
  await writeFile(file, program);
  const { id } = await call('POST', '/tenants', { name: 'Initech', slug: 'initech' });
  const env = { ...process.env, STRATUM_URL: server.url, STRATUM_API_KEY: developmentKey, TENANT: id };
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  cleanup.push(
    () => child.kill(),
    async () => (await import('node:fs/promises')).rm(file, { force: true }),
  );
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const until = async (text: string): Promise<void> => {
    for (
      const end = performance.now() + 30_000;
      !said.includes(text);
      await new Promise((done) => setTimeout(done, 50))
    ) {
      if (performance.now() > end) {
        throw new Error(`it never said ${text}, but:\n${said}`);
      }
    }
  };
  // It follows from some moment on; what it is told then is what it goes on behind.
  for (let turn = 0; !said.includes('config.updated'); turn += 1) {
    await call('PUT', `/tenants/${id}/config/theme`, { value: `first-${turn}` });
    await new Promise((done) => setTimeout(done, 200));
  }
  await server.kill();
  await server.start();
  await call('PUT', `/tenants/${id}/config/theme`, { value: 'after the restart' });
  await until('after the restart');
  const values = [...said.matchAll(/"value": ?"([^"]*)"/g)].map(([, value]) => value);
  expect(new Set(values).size).toBe(values.length);
});

test('the subscription on the page is one', () => {
  for (const document of blocks('graphql')) {
    expect(validate(schema, parse(document))).toEqual([]);
  }
});
