import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** Encrypts sensitive values at rest. */
export interface SecretBox {
  /** The JSON of `value` in an envelope; `context` (what the value belongs to) must be the same when it is opened. */
  seal(value: unknown, context: string): string;
  /** How envelopes begin that are sealed with the current key. */
  readonly currentMark: string;
  /** The value in an envelope. Throws when no key fits, or the envelope or its context were changed. */
  open(envelope: string, context: string): unknown;
}

interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

const version = 'v2';
const algorithm = 'aes-256-gcm';

/**
 * AES-256-GCM with a key derived by HKDF-SHA256 from each secret. An envelope is `v2:<key id>:<iv>:<tag>:<ciphertext>` in base64url:
 * the key id says which secret opens it, so that rotation can be interrupted anywhere.
 * @param secrets Key material of 32 bytes and more. The first seals, all open.
 */
export function createSecretBox(secrets: readonly [string, ...string[]]): SecretBox {
  const [current, ...previous] = secrets;
  const sealing = deriveKey(current);
  const keys = new Map([sealing, ...previous.map(deriveKey)].map((key) => [key.id, key]));
  return {
    currentMark: `${version}:${sealing.id}:`,
    seal: (value, context) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv(algorithm, sealing.bytes, iv).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
      return [version, sealing.id, ...[iv, cipher.getAuthTag(), sealed].map((part) => part.toString('base64url'))].join(
        ':',
      );
    },
    open: (envelope, context) => {
      const [format, id = '', iv = '', tag = '', sealed = ''] = envelope.split(':');
      if (format !== version) {
        throw new Error(`not an envelope of version ${version}`);
      }
      const key = keys.get(id);
      if (key === undefined) {
        throw new Error(
          `no encryption key with id ${id}: was STRATUM_ENCRYPTION_KEY changed without STRATUM_ENCRYPTION_KEY_PREVIOUS?`,
        );
      }
      const decipher = createDecipheriv(algorithm, key.bytes, Buffer.from(iv, 'base64url'), { authTagLength: 16 })
        .setAAD(Buffer.from(context))
        .setAuthTag(Buffer.from(tag, 'base64url'));
      return JSON.parse(
        Buffer.concat([decipher.update(Buffer.from(sealed, 'base64url')), decipher.final()]).toString(),
      );
    },
  };
}

function deriveKey(secret: string): Key {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'stratum:config:aes-256-gcm', 32));
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes };
}
