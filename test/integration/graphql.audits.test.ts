import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Listening, listen } from '../support/listening.ts';

let server: Listening;
beforeAll(async () => {
  server = await listen();
});
afterAll(() => server.close());

const audits = serverAudits({ url: () => `${server.url}/graphql`, fetchFn: fetchWithKey });

/** The audits know nothing of keys. */
function fetchWithKey(url: string, { headers, ...init }: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, headers: { ...(headers as Record<string, string>), 'x-api-key': server.apiKey } });
}

test('all audits of GraphQL over HTTP that there are in this version are carried out', () => {
  expect(audits).toHaveLength(61);
});

test.each(audits.map(({ name, fn }) => [name, fn] as const))('%s', async (_name, audit) => {
  expect(await audit()).toMatchObject({ status: 'ok' });
});
