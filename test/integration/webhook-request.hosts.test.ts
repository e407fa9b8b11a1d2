import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemLookup } from '../../src/domain/webhooks/lookup.ts';
import { opened, rawReceiver, receiver } from '../support/receiver.ts';
import { resolver, send } from '../support/webhook-sending.ts';

describe('a host', () => {
  test('where nobody listens refuses the connection', async () => {
    const target = await receiver(() => {});
    await target[Symbol.asyncDispose]();
    expect(await send(target.url)).toMatchObject({
      ok: false,
      responseCode: null,
      responseBody: null,
      error: 'connection refused',
    });
  });

  test('without an address can not be called', async () => {
    const unknown = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }));
    for (const lookup of [unknown, resolver([]).lookup]) {
      expect(await send('http://missing.example.com/', { lookup })).toMatchObject({
        ok: false,
        error: 'the host has no address',
      });
    }
    expect(await send('http://missing.invalid/')).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^the host (has no address|could not be looked up)$/),
    });
  });

  test('is found by the system, or by the resolver that was passed in, under its name', async () => {
    await using target = await receiver((response) => response.end());
    const { asked, lookup } = resolver(['127.0.0.1']);
    const url = `http://hooks.example.com:${target.port}/`;

    expect(await send(url, { lookup })).toMatchObject({ ok: true });
    expect(await send(`http://localhost:${target.port}/`)).toMatchObject({ ok: true });

    expect(asked).toEqual(['hooks.example.com']);
    expect(target.received.map(({ headers }) => headers.host)).toEqual([
      `hooks.example.com:${target.port}`,
      `localhost:${target.port}`,
    ]);
  });

  test('is called on its other address when the first does not answer', async () => {
    await using target = await receiver((response) => response.end());
    const { asked, lookup } = resolver(['127.0.0.2', '127.0.0.1']);
    expect(await send(`http://hooks.example.com:${target.port}/`, { lookup })).toMatchObject({ ok: true });
    expect(asked).toEqual(['hooks.example.com']);
  });

  test('whose certificate nobody vouches for is told nothing', async () => {
    const pem = (name: string) => readFileSync(join(import.meta.dirname, '../fixtures/self-signed', `${name}.pem`));
    let requests = 0;
    const server = createServer({ cert: pem('certificate'), key: pem('key') }, (_, response) => {
      requests += 1;
      response.end();
    });
    await using target = await opened(server);
    expect(await send(`https://localhost:${target.port}/`)).toMatchObject({
      ok: false,
      responseCode: null,
      error: 'no secure connection (DEPTH_ZERO_SELF_SIGNED_CERT)',
    });
    await target.allClosed();
    expect([target.sockets.length, requests]).toEqual([1, 0]);
  });

  test('that does not speak TLS is told nothing', async () => {
    await using target = await rawReceiver((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n')),
    );
    expect(await send(`https://127.0.0.1:${target.port}/`)).toMatchObject({
      ok: false,
      responseCode: null,
      error: expect.stringMatching(/^no secure connection \(\w+\)$/),
    });
  });
});

describe('where private addresses are refused', () => {
  test.each(['127.0.0.1', '127.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost'])(
    '%s is not connected to',
    async (host) => {
      await using target = await receiver((response) => response.end());
      const result = await send(`http://${host}:${target.port}/`, { allowPrivate: false });
      expect(result).toMatchObject({
        ok: false,
        responseCode: null,
        error: expect.stringMatching(/ not public$| is not$/),
      });
      expect(target.sockets).toEqual([]);
    },
  );

  test.each([
    ['private', ['10.0.0.1'], '10.0.0.1'],
    ['of this machine', ['127.0.0.1'], '127.0.0.1'],
    ['private, among public ones', ['8.8.8.8', '127.0.0.1'], '127.0.0.1'],
    ['private, among public ones of the other family', ['2606:4700:4700::1111', '169.254.169.254'], '169.254.169.254'],
    ['mapped', ['::ffff:127.0.0.1'], '::ffff:127.0.0.1'],
  ])('a name with addresses that are %s is not connected to', async (_, addresses, named) => {
    await using target = await receiver((response) => response.end());
    const { asked, lookup } = resolver(addresses);

    const result = await send(`http://hooks.example.com:${target.port}/`, { allowPrivate: false, lookup });

    expect(result).toMatchObject({ ok: false, responseCode: null, error: `the address ${named} is not public` });
    expect(asked).toEqual(['hooks.example.com']);
    expect(target.sockets).toEqual([]);
  });

  test('a name of the system that means this machine is not connected to', async () => {
    await using target = await receiver((response) => response.end());
    const result = await send(`http://hooks.example.com:${target.port}/`, {
      allowPrivate: false,
      lookup: () => systemLookup('localhost'),
    });
    expect(result).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^the address (127\.0\.0\.1|::1) is not public$/),
    });
    expect(target.sockets).toEqual([]);
  });

  test('a name that is public when it is checked is not looked up again for the connection', async () => {
    await using target = await receiver((response) => response.end());
    // Public by the registries, and never handed out to anybody: no connection comes of it.
    const { asked, lookup } = resolver(['2d00::1'], ['127.0.0.1']);
    const url = `http://rebinding.example.com:${target.port}/`;

    const first = await send(url, { allowPrivate: false, lookup, timeoutMs: 500 });
    expect(asked).toEqual(['rebinding.example.com']);
    expect(first).toMatchObject({ ok: false, responseCode: null });

    const second = await send(url, { allowPrivate: false, lookup });
    expect(asked).toHaveLength(2);
    expect(second).toMatchObject({ ok: false, error: 'the address 127.0.0.1 is not public' });
    expect(target.sockets).toEqual([]);
  });

  test.each(['', 'not a URL', 'ftp://example.com/', 'http://user:secret@example.com/'])(
    'what is no URL to call (%j) is a failure like any other',
    async (url) => {
      expect(await send(url, { allowPrivate: false })).toMatchObject({
        ok: false,
        responseCode: null,
        error: expect.stringMatching(/^the URL must /),
      });
    },
  );
});
