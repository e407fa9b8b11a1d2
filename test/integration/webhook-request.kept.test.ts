import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { SendResult, WebhookSender, WebhookSenderOptions } from '../../src/workers/webhook-request.ts';
import { rawReceiver, receiver } from '../support/receiver.ts';
import { body, resolver, sender } from '../support/webhook-sending.ts';

const opened: WebhookSender[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

function open(options: Partial<WebhookSenderOptions> = {}): (url: string) => Promise<SendResult> {
  const one = sender(options);
  opened.push(one);
  return (url) => one.send({ url, body, headers: {} });
}

const noContent = 'HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n';

/** Tells of each whole request on a connection; all of them are short, and come in one piece. */
function onRequest(socket: Socket, told: (count: number) => void): void {
  let count = 0;
  socket.on('data', (data) => {
    if (String(data).includes(body)) {
      count += 1;
      told(count);
    }
  });
}

test('attempts that follow each other share a connection; those at the same moment have one each', async () => {
  await using target = await receiver((response) => response.end('read'));
  const send = open();
  for (let turn = 0; turn < 5; turn += 1) {
    expect(await send(target.url)).toMatchObject({ ok: true, responseBody: 'read' });
  }
  expect(target.sockets).toHaveLength(1);
  await Promise.all(Array.from({ length: 4 }, () => send(target.url)));
  expect(target.sockets).toHaveLength(4);
});

test('a kept connection that the receiver closes is no failure, not even when it closes under the request', async () => {
  let requests = 0;
  await using target = await rawReceiver((socket) =>
    onRequest(socket, (count) => {
      requests += 1;
      count === 1 ? socket.write(noContent) : socket.destroy();
    }),
  );
  const send = open();
  for (let turn = 1; turn <= 3; turn += 1) {
    expect(await send(target.url)).toMatchObject({ ok: true, responseCode: 204 });
  }
  // Each of the later ones came over the connection of the one before it, and again over a new one.
  expect([target.sockets.length, requests]).toEqual([3, 5]);

  target.sockets.at(-1)!.destroy(); // long before the next one
  expect(await send(target.url)).toMatchObject({ ok: true });
});

test('a new connection that is cut is a failure at once, and so is an answer that is cut', async () => {
  await using cuts = await rawReceiver((socket) => onRequest(socket, () => socket.destroy()));
  const send = open();
  const fault = { ok: false, error: 'the connection was closed before the answer was complete' };
  expect(await send(cuts.url)).toMatchObject(fault);
  expect(cuts.sockets).toHaveLength(1);

  await using tells = await rawReceiver((socket) =>
    onRequest(socket, (count) =>
      count === 1 ? socket.write(noContent) : socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'),
    ),
  );
  expect(await send(tells.url)).toMatchObject({ ok: true });
  expect(await send(tells.url)).toMatchObject({ ...fault, responseCode: 200, responseBody: 'half' });
  expect(tells.sockets).toHaveLength(1);
});

test('a connection over which an answer was not read to its end, or came too late, is used no more', async () => {
  await using target = await receiver((response, { url }) =>
    url === '/late' ? undefined : void response.end(url === '/long' ? 'x'.repeat(100_000) : 'short'),
  );
  const send = open({ timeoutMs: 300 });
  for (const path of ['', 'long', '', 'late', '']) {
    await send(`${target.url}${path}`);
  }
  expect(target.sockets).toHaveLength(3);
  await expect.poll(() => target.sockets.map(({ closed }) => closed)).toEqual([true, true, false]);
});

test('what is said on a kept connection without having been asked ends it', async () => {
  await using target = await rawReceiver((socket) =>
    onRequest(socket, () => {
      socket.write(noContent);
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'), 20);
    }),
  );
  const send = open();
  await send(target.url);
  await expect.poll(() => target.sockets[0]!.closed).toBe(true);
  expect(await send(target.url)).toMatchObject({ ok: true, responseCode: 204, responseBody: '' });
});

test('a kept connection is to an address that was checked; a new one is checked anew', async () => {
  await using target = await receiver((response) => response.end('read'));
  const { asked, lookup } = resolver(['127.0.0.1'], ['127.0.0.2']);
  const url = `http://rebinding.example.com:${target.port}/`;
  const send = open({ lookup });
  await send(url);
  expect(await send(url)).toMatchObject({ ok: true, responseBody: 'read' });
  expect(asked).toHaveLength(1);

  target.sockets[0]!.destroy();
  expect(await send(url)).toMatchObject({ ok: false, error: 'connection refused' });
  expect(asked).toHaveLength(2);
  expect(target.sockets).toHaveLength(1);
});

test('connections are kept for a few seconds, and so many of them', { timeout: 20_000 }, async () => {
  await using target = await receiver((response) => response.end());
  const { lookup } = resolver(['127.0.0.1']);
  const send = open({ lookup });
  for (let host = 0; host < 80; host += 1) {
    expect(await send(`http://h${host}.example.com:${target.port}/`)).toMatchObject({ ok: true });
  }
  const left = () => target.sockets.filter(({ closed }) => !closed).length;
  await expect.poll(left).toBe(64);
  await expect.poll(left, { timeout: 6_000 }).toBe(0);
});

test('a sender that is closed leaves no connection', async () => {
  await using target = await receiver((response) => response.end());
  const one = sender();
  await one.send({ url: target.url, body, headers: {} });
  await one.close();
  await target.allClosed();
});
