import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSecretBox } from '../../src/domain/secrets.ts';

const first = 'k7Qz-2mfPx_9LwRt4Vb8Yc1Nd6Hs0Jg3';
const second = 'Zt5Wn_3qGh-8XkLr2Bv7Yd1Mc6Fs0Pj4';
const box = createSecretBox([first]);
const context = 'config:0193a5b0-0000-7000-8000-000000000001:password';

/** The bytes of one part of an envelope with one bit turned. */
function damaged(envelope: string, part: 2 | 3 | 4, bit: number): string {
  const parts = envelope.split(':');
  const bytes = Buffer.from(parts[part]!, 'base64url');
  const at = bit % (bytes.length * 8);
  bytes[at >> 3]! ^= 1 << (at & 7);
  return parts.with(part, bytes.toString('base64url')).join(':');
}

describe('an envelope', () => {
  test('gives back any JSON value that was sealed in it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'grapheme' }), (value, anyContext) => {
        expect(box.open(box.seal(value, anyContext), anyContext)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('is version, key id, IV, tag and ciphertext, and nothing of the value', () => {
    const plaintext = 'hunter2-hunter2-hunter2';
    const envelope = box.seal(plaintext, context);
    const [version, keyId, iv, tag, ciphertext, ...more] = envelope.split(':');

    expect([version, more]).toEqual(['v2', []]);
    expect(keyId).toMatch(/^[0-9a-f]{8}$/);
    expect([iv, tag, ciphertext].map((part) => Buffer.from(part!, 'base64url').length)).toEqual([
      12,
      16,
      JSON.stringify(plaintext).length,
    ]);
    expect(envelope).not.toContain('hunter2');
    expect(Buffer.from(ciphertext!, 'base64url').toString('latin1')).not.toContain('hunter2');
  });

  test('never has the IV of another one', () => {
    const ivs = Array.from({ length: 2_000 }, () => box.seal('same', context).split(':')[2]);
    expect(new Set(ivs).size).toBe(ivs.length);
  });

  test('does not open in another context', () => {
    const envelope = box.seal('secret', context);
    expect(() => box.open(envelope, `${context}2`)).toThrow();
    expect(() => box.open(envelope, '')).toThrow();
  });

  test('does not open with one bit of its IV, tag or ciphertext turned', () => {
    const envelope = box.seal({ password: 'secret' }, context);
    fc.assert(
      fc.property(fc.constantFrom(2, 3, 4), fc.nat(), (part, bit) => {
        expect(() => box.open(damaged(envelope, part, bit), context)).toThrow();
      }),
    );
  });

  test('does not open with its tag cut short', () => {
    const parts = box.seal('secret', context).split(':');
    const short = Buffer.from(parts[3]!, 'base64url').subarray(0, 4).toString('base64url');
    expect(() => box.open(parts.with(3, short).join(':'), context)).toThrow();
  });

  test('of another version does not open', () => {
    expect(() => box.open(box.seal('secret', context).replace(/^v2/, 'v3'), context)).toThrow(/version/);
  });

  test.each(['', 'secret', 'v2', 'v2:::', 'v2:00000000:::', ':::::'])('that is none (%j) does not open', (text) => {
    expect(() => box.open(text, context)).toThrow();
  });
});

describe('keys', () => {
  test('have an id that depends on the secret alone', () => {
    const idOf = (secret: string) => createSecretBox([secret]).seal(1, '').split(':')[1];
    expect(idOf(first)).toBe(idOf(first));
    expect(idOf(first)).not.toBe(idOf(second));
  });

  test('that were replaced still open what they sealed, and seal nothing more', () => {
    const rotated = createSecretBox([second, first]);
    const old = box.seal('old', context);
    const fresh = rotated.seal('new', context);

    expect([rotated.open(old, context), rotated.open(fresh, context)]).toEqual(['old', 'new']);
    expect(fresh.split(':')[1]).toBe(createSecretBox([second]).seal('', '').split(':')[1]);
  });

  test('that are unknown are named in the failure, with the setting to look at', () => {
    const envelope = createSecretBox([second]).seal('secret', context);
    expect(() => box.open(envelope, context)).toThrow(
      new RegExp(`no encryption key with id ${envelope.split(':')[1]}.*STRATUM_ENCRYPTION_KEY_PREVIOUS`),
    );
  });

  test('can not be passed off as one another by their id', () => {
    const parts = createSecretBox([second]).seal('secret', context).split(':');
    const ownId = box.seal('', '').split(':')[1]!;
    expect(() => box.open(parts.with(1, ownId).join(':'), context)).toThrow();
  });
});
