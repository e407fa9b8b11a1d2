import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Listening, listen } from '../support/listening.ts';

let server: Listening;
beforeAll(async () => {
  server = await listen();
});
afterAll(() => server.close());

const ask = (accept: string, headers: Record<string, string> = { 'x-api-key': server.apiKey }) =>
  fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: '{ __typename }' }),
  });

describe.each(['text/event-stream', 'multipart/mixed'])('an answer as %s', (accept) => {
  test('arrives as such and ends', async () => {
    const response = await ask(accept);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(accept);
    expect(await response.text()).toContain('"__typename":"Query"');
  });

  test('is refused without a key, in words', async () => {
    const response = await ask(accept, {});
    expect(response.status).toBe(401);
    expect(await response.text()).toContain('UNAUTHORIZED');
  });
});

test('the media type of a request is read whatever its case', async () => {
  const response = await ask('application/json', { 'x-api-key': server.apiKey, 'content-type': 'APPLICATION/JSON' });
  expect(await response.json()).toMatchObject({ data: { __typename: 'Query' } });
});
