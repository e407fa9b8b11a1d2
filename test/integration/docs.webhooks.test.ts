import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import {
  newWebhookSecret,
  ownSignature,
  signedHeaders,
  standardSignature,
} from '../../src/domain/webhooks/signature.ts';
import { sender } from '../support/webhook-sending.ts';

const root = join(import.meta.dirname, '../..');
const whole = await readFile(join(root, 'docs/webhooks.md'), 'utf8');
/** What is said to those who receive. */
const page = whole.slice(whole.indexOf('## Receive and verify'));
const [receiver = '', library = ''] = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
const [message = ''] = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, text]) => text);

function signed(body: string, secret: string) {
  const { id, type } = JSON.parse(body);
  return signedHeaders({ eventId: id, eventType: type, deliveryId: 'd', sentAt: new Date(), body, secrets: [secret] });
}

test('the receiver of the page takes what was signed, once, and refuses what was not', async () => {
  const secret = newWebhookSecret();
  await using running = await started(receiver, secret);
  const send = (headers: Record<string, string>) => sender().send({ url: running.url, body: message, headers });

  expect(await send(signed(message, secret))).toMatchObject({ ok: true, responseCode: 204 });
  expect(await send(signed(message, secret))).toMatchObject({ ok: true, responseCode: 204 });
  expect(await send(signed(message, newWebhookSecret()))).toMatchObject({
    responseCode: 400,
    responseBody: 'no_matching_signature',
  });
  expect(await send({})).toMatchObject({ responseCode: 400, responseBody: 'missing_header' });
  expect(await running.stop()).toEqual(['config.updated 0193a5b0-0000-7000-8000-000000000001']);
});

test.each(['a secret that somebody chose', newWebhookSecret()])('the library of the page understands %s', (secret) => {
  const [, argument = ''] = /new Webhook\((.*)\);/.exec(library) ?? [];
  const known: unknown = new Function('secret', `return ${argument}`)(secret);
  expect(new Webhook(String(known)).verify(message, signed(message, secret))).toEqual(JSON.parse(message));
});

test('the example to try an implementation with is what is sent', () => {
  const [, secret = ''] = /const secret = '(whsec_[^']+)'/.exec(page) ?? [];
  const body = '{"id":"1"}';
  const standard = standardSignature(secret, { id: 'evt_1', timestamp: '1795639992', body });
  const own = ownSignature(secret, { timestamp: '2026-11-25T20:53:12.345Z', body });
  expect(page).toContain(`\`\`\`text\n${standard}\n${own}\n\`\`\``);
});

/** The program of the page, with the package as it stands in this checkout. */
async function started(code: string, secret: string) {
  const folder = await mkdtemp(join(tmpdir(), 'stratum-receiver-'));
  const file = join(folder, 'receiver.mjs');
  await writeFile(file, code.replace('stratum-graphql/webhooks', pathToFileURL(join(root, 'src/webhooks.ts')).href));
  const child = spawn(join(root, 'node_modules/.bin/node'), [file], {
    env: { WEBHOOK_SECRET: secret, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: first = '' } = await lines.next();
  const stop = async (): Promise<string[]> => {
    child.kill();
    await closed;
    await rm(folder, { recursive: true, force: true });
    const printed: string[] = [];
    for await (const line of lines) {
      printed.push(line);
    }
    return printed;
  };
  return {
    url: `http://127.0.0.1:${/^listening on (\d+)$/.exec(first)?.[1]}/`,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}
