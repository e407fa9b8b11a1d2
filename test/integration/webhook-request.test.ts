import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { newWebhookSecret, signedHeaders } from '../../src/domain/webhooks/signature.ts';
import { verifyWebhook } from '../../src/webhooks.ts';
import { retryAfterMs } from '../../src/workers/webhook-retry-after.ts';
import { rawReceiver, receiver } from '../support/receiver.ts';
import { body, send, sender } from '../support/webhook-sending.ts';

describe('a receiver', () => {
  test('gets the body byte by byte, with the headers, in one POST', async () => {
    await using target = await receiver((response) => response.end());
    const secret = newWebhookSecret();
    const text = body.replace('{}', '"grüße 🌍"');
    const headers = signedHeaders({
      eventId: '0193a5b0-0000-7000-8000-000000000001',
      eventType: 'webhook.test',
      deliveryId: '0193a5b0-0000-7000-8000-0000000000dd',
      sentAt: new Date(),
      body: text,
      secrets: [secret],
    });

    const one = sender();
    const result = await one.send({ url: `${target.url}hooks?for=us#part`, body: text, headers });
    await one.close();

    expect(result).toEqual({
      ok: true,
      responseCode: 200,
      responseBody: '',
      error: null,
      durationMs: expect.any(Number),
      retryAfterMs: null,
      isGone: false,
    });
    const [got, ...more] = target.received;
    expect(more).toEqual([]);
    expect(got).toMatchObject({
      method: 'POST',
      url: '/hooks?for=us',
      body: text,
      headers: {
        ...headers,
        host: `127.0.0.1:${target.port}`,
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(text)),
        'user-agent': 'Stratum/1.2.3',
        connection: 'keep-alive',
      },
    });
    expect(verifyWebhook({ payload: got!.body, headers: got!.headers, secret })).toMatchObject({ data: 'grüße 🌍' });
    await target.allClosed();
  });

  test.each([
    [200, null],
    [201, null],
    [204, null],
    [299, null],
    [300, 'redirects are not followed (HTTP 300)'],
    [304, 'redirects are not followed (HTTP 304)'],
    [400, 'HTTP 400'],
    [401, 'HTTP 401'],
    [404, 'HTTP 404'],
    [500, 'HTTP 500'],
    [503, 'HTTP 503'],
  ])('that answers %i: %s', async (status, error) => {
    await using target = await receiver((response) => response.writeHead(status).end());
    expect(await send(target.url)).toMatchObject({ ok: error === null, responseCode: status, error, isGone: false });
    await target.allClosed();
  });

  test('that answers 410 is gone', async () => {
    await using target = await receiver((response) => response.writeHead(410).end('no more'));
    expect(await send(target.url)).toMatchObject({
      ok: false,
      responseCode: 410,
      responseBody: 'no more',
      error: 'HTTP 410',
      isGone: true,
    });
  });

  test('that redirects is not followed, wherever it points', async () => {
    await using inner = await receiver((response) => response.end('the secret of the inner network'));
    for (const status of [301, 302, 303, 307, 308]) {
      await using target = await receiver((response) => response.writeHead(status, { location: inner.url }).end());
      expect(await send(target.url)).toMatchObject({
        ok: false,
        responseCode: status,
        responseBody: '',
        error: `redirects are not followed (HTTP ${status})`,
      });
    }
    expect(inner.sockets).toEqual([]);
  });

  test('that is busy says when to come back, in seconds or by a date', async () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toUTCString();
    await using target = await receiver((response, { url }) => {
      const [, status, after] = url!.split('/');
      response.writeHead(Number(status), { 'retry-after': after === 'date' ? inAnHour : after }).end();
    });

    expect(await send(`${target.url}429/120`)).toMatchObject({ error: 'HTTP 429', retryAfterMs: 120_000 });
    expect(await send(`${target.url}503/0`)).toMatchObject({ error: 'HTTP 503', retryAfterMs: 0 });
    expect(await send(`${target.url}429/soon`)).toMatchObject({ error: 'HTTP 429', retryAfterMs: null });
    expect(await send(`${target.url}500/120`)).toMatchObject({ error: 'HTTP 500', retryAfterMs: null });
    const { retryAfterMs: wait } = await send(`${target.url}503/date`);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(3_600_000);
  });
});

test.each([
  [undefined, null],
  ['', null],
  ['0', 0],
  [' 30 ', 30_000],
  ['999999999', 999_999_999_000],
  ['9999999999', null],
  ['-1', null],
  ['1.5', null],
  ['1e3', null],
  ['2026-11-25T21:00:00Z', null],
  ['Wed, 25 Nov 2026 21:00:00 GMT', 60_000],
  ['Wed, 25 Nov 2026 20:00:00 GMT', 0],
  ['Wed, 99 Nov 2026 20:00:00 GMT', null],
])('Retry-After: %j is %j ms', (header, ms) => {
  expect(retryAfterMs(header, new Date('2026-11-25T20:59:00Z'))).toBe(ms);
});

describe('the answer', () => {
  test('is kept up to 2 KiB, as text without half a character', async () => {
    await using target = await receiver((response, { url }) => response.end('ü'.repeat(Number(url!.slice(1)))));
    expect(await send(`${target.url}1024`)).toMatchObject({ ok: true, responseBody: 'ü'.repeat(1024) });
    expect(await send(`${target.url}5000`)).toMatchObject({ ok: true, responseBody: 'ü'.repeat(1024) });
    expect(await send(`${target.url}5000`, { maxAnswerBytes: 5 })).toMatchObject({ ok: true, responseBody: 'üü' });
  });

  test('is text that a database keeps, whatever it was', async () => {
    await using target = await receiver((response) => response.end(Buffer.from([0x61, 0, 0xff, 0xc3, 0x28, 0, 0x62])));
    expect(await send(target.url)).toMatchObject({ ok: true, responseBody: 'a\ufffd\ufffd(b' });
  });

  test('without an end is read no further than that: the receiver is cut off', async () => {
    const chunk = Buffer.alloc(65_536, 'x');
    await using target = await rawReceiver((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk)) {
          // Until the other side no longer takes it.
        }
      };
      socket.on('drain', pour);
      pour();
    });

    expect(await send(target.url)).toMatchObject({ ok: true, responseCode: 200, responseBody: 'x'.repeat(2048) });
    await target.allClosed();
    // What was on its way in the buffers of the two systems, not the stream.
    expect(target.sockets[0]!.bytesWritten).toBeLessThan(32 * 1024 * 1024);
  });

  test.each([
    ['that is cut off in its headers', 'HTTP/1.1 200 OK\r\ncontent-', null],
    ['that is cut off in its body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', 200],
    ['that never begins', '', null],
  ])('%s is none', async (_, text, responseCode) => {
    await using target = await rawReceiver((socket) => socket.once('data', () => socket.end(text)));
    expect(await send(target.url)).toMatchObject({
      ok: false,
      responseCode,
      responseBody: responseCode === null ? null : 'abc',
      error: 'the connection was closed before the answer was complete',
    });
  });

  test.each([
    ['one long header', `x-long: ${'x'.repeat(1_000_000)}\r\n`],
    ['many headers', 'x-many: xxxxxxxxxxxxxxxxxxxxx\r\n'.repeat(50_000)],
  ])('with %s is refused, and the receiver is cut off', async (_, headers) => {
    await using target = await rawReceiver((socket) => {
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${headers}\r\n`));
    });
    expect(await send(target.url)).toMatchObject({
      ok: false,
      responseCode: null,
      error: 'the headers of the answer are too long',
    });
    await target.allClosed();
  });

  test('that is not HTTP is said to be none', async () => {
    await using target = await rawReceiver((socket) => socket.once('data', () => socket.write('220 mail ready\r\n')));
    expect(await send(target.url)).toMatchObject({ ok: false, responseCode: null, error: 'the answer is not HTTP' });
    await target.allClosed();
  });

  test('that switches to another protocol is a failure', async () => {
    await using target = await rawReceiver((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'));
    });
    expect(await send(target.url)).toMatchObject({ ok: false, responseCode: null, error: expect.any(String) });
    await target.allClosed();
  });
});

describe('the time', () => {
  const drip = (text: string) => (socket: Socket) => {
    let sent = 0;
    const timer = setInterval(() => socket.write(text[sent++] ?? 'x'), 20);
    socket.once('close', () => clearInterval(timer)).resume();
  };

  test.each([
    ['hangs', () => {}, { responseCode: null, responseBody: null }],
    ['drips its headers', drip(`HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(10_000)}`), { responseCode: null }],
    [
      'drips its body',
      (socket: Socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\nbegun');
        drip('')(socket);
      },
      { responseCode: 200, responseBody: expect.stringMatching(/^begunx*$/) },
    ],
    [
      'sends interim answers for ever',
      drip('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)),
      { responseCode: null, responseBody: null },
    ],
  ])('of a receiver that %s ends; the connection with it', async (_, talk, known) => {
    await using target = await rawReceiver((socket) => {
      socket.resume();
      talk(socket);
    });
    expect(await send(target.url, { timeoutMs: 300 })).toMatchObject({
      ok: false,
      error: 'the answer took longer than 0.3 s',
      ...known,
    });
    await target.allClosed();
  });

  test('ends while TLS is being agreed on', async () => {
    await using target = await rawReceiver((socket) => socket.resume());
    const result = await send(`https://127.0.0.1:${target.port}/`, { timeoutMs: 300 });
    expect(result).toMatchObject({ ok: false, responseCode: null, error: 'the answer took longer than 0.3 s' });
    await target.allClosed();
  });

  test('ends while the name is being looked up; an answer that comes later is not used', async () => {
    await using target = await receiver((response) => response.end());
    const { promise: lookedUp, resolve: answer } = Promise.withResolvers<{ address: string; family: number }[]>();
    const url = `http://hooks.example.com:${target.port}/`;

    const result = await send(url, { timeoutMs: 300, lookup: () => lookedUp });
    answer([{ address: '127.0.0.1', family: 4 }]);

    expect(result).toMatchObject({ ok: false, responseCode: null, error: 'the answer took longer than 0.3 s' });
    expect(await send(target.url)).toMatchObject({ ok: true });
    expect(target.sockets).toHaveLength(1);
  });

  test('of one endpoint is not the time of another, on the same host either', async () => {
    await using target = await receiver((response, { url }) => void (url === '/quick' && response.end()));
    const shared = sender({ timeoutMs: 20_000 });
    const hanging = Array.from({ length: 50 }, () => shared.send({ url: `${target.url}hangs`, body, headers: {} }));

    expect(await shared.send({ url: `${target.url}quick`, body, headers: {} })).toMatchObject({ ok: true });

    for (const socket of target.sockets) {
      socket.destroy();
    }
    const results = await Promise.all(hanging);
    expect(results.map(({ ok }) => ok)).toEqual(Array(50).fill(false));
  });

  test('of closing is that of the attempts under way', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await using target = await receiver((response) => void released.then(() => response.end('late')));
    const closing = sender();
    const attempt = closing.send({ url: target.url, body, headers: {} });
    let isClosed = false;
    const closed = closing.close().then(() => {
      isClosed = true;
    });
    await expect.poll(() => target.received.length).toBe(1);
    expect(isClosed).toBe(false);

    release();

    expect(await attempt).toMatchObject({ ok: true, responseBody: 'late' });
    await closed;
  });
});
