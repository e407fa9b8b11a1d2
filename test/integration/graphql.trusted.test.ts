import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenApp, openApp } from '../support/rest-app.ts';
import type { Json } from '../support/rest-world.ts';

let folder: string;
let opened: OpenApp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stratum-trusted-'));
  opened = await openApp({ settings: { STRATUM_TRUSTED_DOCUMENTS: await file({ whoami: '{ viewer { id } }' }) } });
});
afterAll(async () => {
  await opened.close();
  await rm(folder, { recursive: true });
});

async function file(content: unknown): Promise<string> {
  const path = join(folder, `${Math.random()}.json`);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function ask(body: object): Promise<{ status: number; body: Json }> {
  const { statusCode, body: text } = await opened.app.server.inject({
    method: 'POST',
    url: '/graphql',
    headers: { 'x-api-key': 'sk_test_bootstrap', 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
  return { status: statusCode, body: JSON.parse(text) };
}

const byId = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

test('a document that is known is executed by its id', async () => {
  expect(await ask(byId('whoami'))).toMatchObject({ status: 200, body: { data: { viewer: { id: 'development' } } } });
});

test('an id may stand in the document id of a body or an address', async () => {
  expect(await ask({ documentId: 'whoami' })).toMatchObject({ status: 200, body: { data: { viewer: {} } } });
  const { statusCode } = await opened.app.server.inject({
    url: '/graphql?documentId=whoami',
    headers: { 'x-api-key': 'sk_test_bootstrap' },
  });
  expect(statusCode).toBe(200);
});

test.each([
  ['no document at all', {}],
  ['an id that is no text', { documentId: 1, extensions: { persistedQuery: null } }],
  ['a document of the caller', { query: '{ viewer { id } }' }],
  ['a document beside an id', { query: '{ viewer { type } }', ...byId('whoami') }],
  ['an unknown id', byId('nothing')],
  ['a name that every object has', byId('constructor')],
  ['introspection', { query: '{ __schema { types { name } } }' }],
])('%s is refused', async (_what, body) => {
  const answer = await ask(body);
  expect(answer.status).toBe(403);
  expect(answer.body).toMatchObject({ errors: [{ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } }] });
  expect(answer.body.data).toBeUndefined();
});

test('REST is not concerned', async () => {
  const { statusCode } = await opened.app.server.inject({
    url: '/api/v1/tenants',
    headers: { 'x-api-key': 'sk_test_bootstrap' },
  });
  expect(statusCode).toBe(200);
});

test.each([
  ['is no JSON', '{', 'must hold a JSON object'],
  ['holds something else', ['{ viewer { id } }'], 'must hold a JSON object'],
  ['holds what is no document', { broken: '{ viewer' }, 'the document "broken"'],
  ['holds what the schema does not know', { old: '{ nothing }' }, 'the document "old"'],
])('a file that %s stops the start', async (_what, content, sentence) => {
  const settings = { STRATUM_TRUSTED_DOCUMENTS: await file(content) };
  const databaseUrl = opened.database.pool.options.connectionString ?? '';
  await expect(openApp({ settings, databaseUrl })).rejects.toThrow(sentence);
  const missing = { STRATUM_TRUSTED_DOCUMENTS: join(folder, 'missing.json') };
  await expect(openApp({ settings: missing, databaseUrl })).rejects.toThrow("STRATUM_TRUSTED_DOCUMENTS can't be read");
});
