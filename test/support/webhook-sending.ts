import { isIP } from 'node:net';
import {
  createWebhookSender,
  type SendResult,
  type WebhookSender,
  type WebhookSenderOptions,
} from '../../src/workers/webhook-request.ts';

export const body =
  '{"id":"1","type":"webhook.test","tenant_id":null,"data":{},"created_at":"2026-11-25T20:53:11.000Z"}';

/** A sender that may call this machine, unless told otherwise. */
export function sender(options: Partial<WebhookSenderOptions> = {}): WebhookSender {
  return createWebhookSender({ allowPrivate: true, version: '1.2.3', ...options });
}

/** One attempt by a sender of its own. */
export async function send(url: string, options: Partial<WebhookSenderOptions> = {}): Promise<SendResult> {
  const one = sender(options);
  try {
    return await one.send({ url, body, headers: {} });
  } finally {
    await one.close();
  }
}

/** What a resolver would say, in turn; the last answer again and again. */
export function resolver(...answers: readonly (readonly string[])[]) {
  const asked: string[] = [];
  const lookup = async (host: string) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(host);
    return addresses.map((address) => ({ address, family: isIP(address) }));
  };
  return { asked, lookup };
}
