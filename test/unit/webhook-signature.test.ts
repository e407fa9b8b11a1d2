import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { newWebhookSecret, signedHeaders, webhookSecretFault } from '../../src/domain/webhooks/signature.ts';
import { type VerifyWebhookOptions, verifyWebhook, WebhookVerificationError } from '../../src/webhooks.ts';

const chosen = 'chosen by a person: ünïcode';
const generated = 'whsec_c3RyYXR1bSBkb2N1bWVudGF0aW9uIGV4YW1wbGUga2V5';
const other = newWebhookSecret();
const event = {
  id: '0193a5b0-0000-7000-8000-000000000001',
  type: 'config.updated',
  tenant_id: '0193a5b0-0000-7000-8000-0000000000aa',
  data: { key: 'greeting', text: 'grüße 🌍' },
  created_at: '2026-11-25T20:53:11.000Z',
};
const payload = JSON.stringify(event);
const now = new Date();

function attempt(secrets: readonly [string, ...string[]], { sentAt = now, body = payload } = {}) {
  return signedHeaders({
    eventId: event.id,
    eventType: event.type,
    deliveryId: '0193a5b0-0000-7000-8000-0000000000dd',
    sentAt,
    body,
    secrets,
  });
}

/** Only one of the two forms of headers. */
function only(form: 'x-stratum-' | 'webhook-', headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith(form)));
}

function codeOf(options: VerifyWebhookOptions): string {
  try {
    verifyWebhook(options);
  } catch (error) {
    expect(error).toBeInstanceOf(WebhookVerificationError);
    return (error as WebhookVerificationError).code;
  }
  return 'verified';
}

/** The secret as libraries of Standard Webhooks want it: base64 of the bytes. */
const asBase64 = (secret: string) => Buffer.from(secret).toString('base64');

describe('the headers of an attempt', () => {
  test('are these, to the letter', () => {
    const sentAt = new Date('2026-11-25T20:53:12.345Z');
    const headers = attempt([generated], { sentAt, body: '{"id":"1"}' });
    const bytes = Buffer.from('stratum documentation example key');
    expect(headers).toEqual({
      'x-stratum-event': 'config.updated',
      'x-stratum-delivery-id': '0193a5b0-0000-7000-8000-0000000000dd',
      'x-stratum-timestamp': '2026-11-25T20:53:12.345Z',
      'x-stratum-signature': `sha256=${createHmac('sha256', generated).update('2026-11-25T20:53:12.345Z.{"id":"1"}').digest('hex')}`,
      'webhook-id': event.id,
      'webhook-timestamp': '1795639992',
      'webhook-signature': `v1,${createHmac('sha256', bytes).update(`${event.id}.1795639992.{"id":"1"}`).digest('base64')}`,
    });
  });

  test.each([
    ['a generated secret', generated, generated],
    ['a new secret', other, other],
    ['a chosen secret', chosen, asBase64(chosen)],
    ['a chosen secret that looks like base64', 'c3RyYXR1bQ==c3RyYXR1bQ==', asBase64('c3RyYXR1bQ==c3RyYXR1bQ==')],
  ])('convince a library of Standard Webhooks that has %s', (_, secret, known) => {
    expect(new Webhook(known).verify(payload, attempt([secret]))).toEqual(event);
    expect(() => new Webhook(known).verify(`${payload} `, attempt([secret]))).toThrow('No matching signature');
    expect(() => new Webhook(newWebhookSecret()).verify(payload, attempt([secret]))).toThrow('No matching signature');
  });

  test('convince whoever has either secret while one takes over, by the standard; our own form has the current one alone', () => {
    const headers = attempt([other, chosen]);

    expect(new Webhook(other).verify(payload, headers)).toEqual(event);
    expect(new Webhook(asBase64(chosen)).verify(payload, headers)).toEqual(event);
    expect(verifyWebhook({ payload, headers, secret: chosen })).toEqual(event);
    expect(codeOf({ payload, headers: only('x-stratum-', headers), secret: other })).toBe('verified');
    expect(codeOf({ payload, headers: only('x-stratum-', headers), secret: chosen })).toBe('no_matching_signature');
  });
});

describe('a secret', () => {
  test('that is new is 32 random bytes, and no other', () => {
    const secrets = Array.from({ length: 100 }, newWebhookSecret);
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
      expect(webhookSecretFault(secret)).toBeNull();
    }
  });

  test.each([
    ['', 'must have 16 to 255 characters'],
    ['x'.repeat(15), 'must have 16 to 255 characters'],
    ['x'.repeat(16), null],
    ['🌍'.repeat(255), null],
    ['x'.repeat(256), 'must have 16 to 255 characters'],
    [`NUL ${'\0'} in the middle`, 'must not contain NUL characters or lone surrogates'],
    [`half ${'\ud83c'} in the middle`, 'must not contain NUL characters or lone surrogates'],
    ['whsec_not base64 at all', 'must have base64 of 16 bytes or more after whsec_'],
    ['whsec_c3RyYXR1bSBkb2N1bWVudGF0aW9uIGV4YW1wbGUga2V', 'must have base64 of 16 bytes or more after whsec_'],
    ['whsec_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_', 'must have base64 of 16 bytes or more after whsec_'],
    [`whsec_${Buffer.alloc(15).toString('base64')}`, 'must have base64 of 16 bytes or more after whsec_'],
    [`whsec_${Buffer.alloc(16).toString('base64')}`, null],
    ['WHSEC_c3RyYXR1bQ==', null],
  ])('%j: %s', (secret, fault) => {
    expect(webhookSecretFault(secret)).toBe(fault);
  });
});

describe('verifyWebhook', () => {
  test('gives back the event, for either form of headers, any kind of secret, and text or bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('x-stratum-', 'webhook-'),
        fc.constantFrom(chosen, generated, other),
        fc.boolean(),
        fc.jsonValue(),
        (form, secret, asBytes, data) => {
          const body = JSON.stringify({ ...event, data });
          const headers = only(form, attempt([secret], { body }));
          expect(verifyWebhook({ payload: asBytes ? Buffer.from(body) : body, headers, secret })).toEqual(
            JSON.parse(body),
          );
        },
      ),
    );
  });

  test('reads headers in every shape that frameworks give them', () => {
    const headers = attempt([generated]);
    const shouted = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    const twice = { ...headers, 'webhook-signature': ['v1,bm90IHRoaXM=', headers['webhook-signature']] };
    for (const shape of [headers, new Headers(headers), shouted, lists, twice, { ...headers, accept: undefined }]) {
      expect(codeOf({ payload, headers: shape, secret: generated })).toBe('verified');
    }
  });

  test('takes any of several secrets', () => {
    const headers = attempt([chosen]);
    expect(codeOf({ payload, headers, secret: [other, chosen] })).toBe('verified');
    expect(codeOf({ payload, headers, secret: [other, generated] })).toBe('no_matching_signature');
  });

  test('goes by the standard when both forms are there, and by our own when a proxy lost a part of it', () => {
    const headers = attempt([chosen]);
    expect(codeOf({ payload, headers: { ...headers, 'x-stratum-signature': 'sha256=00' }, secret: chosen })).toBe(
      'verified',
    );
    expect(codeOf({ payload, headers: { ...headers, 'webhook-signature': 'v1,AAAA' }, secret: chosen })).toBe(
      'no_matching_signature',
    );
    expect(codeOf({ payload, headers: { ...headers, 'webhook-id': undefined }, secret: chosen })).toBe('verified');
  });

  test('refuses when one bit of the body, or any signed header, is another', () => {
    const bytes = Buffer.from(payload);
    fc.assert(
      fc.property(fc.constantFrom('x-stratum-', 'webhook-'), fc.nat(bytes.length * 8 - 1), (form, bit) => {
        const forged = Buffer.from(bytes);
        forged[bit >> 3]! ^= 1 << (bit & 7);
        expect(codeOf({ payload: forged, headers: only(form, attempt([generated])), secret: generated })).toBe(
          'no_matching_signature',
        );
      }),
    );
    const headers = attempt([generated]);
    const seconds = String(Number(headers['webhook-timestamp']) + 1);
    expect(codeOf({ payload, headers: { ...headers, 'webhook-id': `${event.id}0` }, secret: generated })).toBe(
      'no_matching_signature',
    );
    expect(codeOf({ payload, headers: { ...headers, 'webhook-timestamp': seconds }, secret: generated })).toBe(
      'no_matching_signature',
    );
  });

  test('refuses a signature of another version, a shortened one and none', () => {
    const headers = attempt([generated]);
    const signature = headers['webhook-signature'];
    for (const wrong of [
      signature.replace('v1,', 'v2,'),
      signature.replace('v1,', 'v1a,'),
      signature.slice(0, -4),
      'v1,',
      ',',
    ]) {
      expect(codeOf({ payload, headers: { ...headers, 'webhook-signature': wrong }, secret: generated })).toBe(
        'no_matching_signature',
      );
    }
  });

  test.each(['x-stratum-', 'webhook-'] as const)('tolerates 300 seconds before and after now (%s)', (form) => {
    const sentAt = new Date('2026-11-25T20:53:12.000Z');
    const headers = only(form, attempt([chosen], { sentAt }));
    const at = (seconds: number, toleranceSeconds?: number) =>
      codeOf({
        payload,
        headers,
        secret: chosen,
        now: new Date(sentAt.getTime() + seconds * 1000),
        ...(toleranceSeconds !== undefined && { toleranceSeconds }),
      });
    expect([at(300), at(-300), at(10, 10), at(-10, 10)]).toEqual(Array(4).fill('verified'));
    expect([at(301), at(-301), at(11, 10), at(-11, 10), at(0, Number.NaN)]).toEqual(
      Array(5).fill('timestamp_out_of_tolerance'),
    );
  });

  test.each([
    ['webhook-timestamp', ''],
    ['webhook-timestamp', 'soon'],
    ['webhook-timestamp', '1e9'],
    ['webhook-timestamp', '-5'],
    ['webhook-timestamp', `${Math.floor(now.getTime() / 1000)}.5`],
    ['webhook-timestamp', '9'.repeat(13)],
    ['x-stratum-timestamp', 'yesterday'],
    ['x-stratum-timestamp', '2026-13-45T99:99:99Z'],
    ['x-stratum-timestamp', String(now.getTime())],
  ])('refuses %s: %j', (name, value) => {
    const form = name === 'webhook-timestamp' ? 'webhook-' : 'x-stratum-';
    const headers = { ...only(form, attempt([chosen])), [name]: value };
    expect(codeOf({ payload, headers, secret: chosen })).toBe(value === '' ? 'missing_header' : 'invalid_timestamp');
  });

  test('names the headers that are missing', () => {
    const headers = { 'Webhook-ID': event.id, 'x-stratum-timestamp': now.toISOString() };
    expect(() => verifyWebhook({ payload, headers, secret: chosen })).toThrow(
      'missing: webhook-timestamp, webhook-signature',
    );
    expect(codeOf({ payload, headers, secret: chosen })).toBe('missing_header');
    expect(codeOf({ payload, headers: new Headers(), secret: chosen })).toBe('missing_header');
  });

  test.each([
    '',
    'not json',
    'null',
    '[]',
    '"text"',
    '{}',
    JSON.stringify({ ...event, id: 1 }),
    JSON.stringify({ ...event, tenant_id: undefined }),
    JSON.stringify({ ...event, data: undefined }),
    JSON.stringify({ ...event, ledger_id: 7 }),
    JSON.stringify({ ...event, revision: '7' }),
  ])('refuses a signed body that is no event: %s', (body) => {
    expect(codeOf({ payload: body, headers: attempt([chosen], { body }), secret: chosen })).toBe('invalid_payload');
  });

  test('takes events of the whole installation, and data of any kind', () => {
    const body = JSON.stringify({ ...event, tenant_id: null, data: null, ledger_id: null, revision: 7 });
    expect(verifyWebhook({ payload: body, headers: attempt([chosen], { body }), secret: chosen })).toMatchObject({
      tenant_id: null,
      data: null,
      ledger_id: null,
      revision: 7,
    });
  });

  test.each([
    ['an empty secret', ''],
    ['no secret', []],
    ['a secret that is not set', undefined],
    ['an empty secret beside a good one', [chosen, '']],
    ['the bare prefix', 'whsec_'],
  ])('does not go to work with %s, however the request is signed', (_, secret) => {
    const headers = attempt([typeof secret === 'string' ? secret : '']);
    const options = { payload, headers, secret } as VerifyWebhookOptions;
    expect(() => verifyWebhook(options)).toThrow(TypeError);
    expect(() => verifyWebhook(options)).toThrow(/^secret /);
  });

  test('says so when the body was parsed before', () => {
    const options = { payload: event, headers: attempt([chosen]), secret: chosen } as unknown as VerifyWebhookOptions;
    expect(() => verifyWebhook(options)).toThrow('payload must be the raw body');
  });
});
