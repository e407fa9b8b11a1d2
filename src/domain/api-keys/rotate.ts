import type { Call } from '../call.ts';
import { assertHomeActive } from '../home.ts';
import { parse } from '../validation.ts';
import { changeKey } from './change.ts';
import { assertCovered, issueKey } from './create.ts';
import { keyNotFound } from './find.ts';
import { rotateApiKeyInput } from './input.ts';
import { type IssuedApiKey, keyState } from './rows.ts';

export interface RotateApiKey {
  readonly id: string;
  /** The new key's name: the old one's with `(rotated)` behind it, unless told. */
  readonly name?: string | null | undefined;
  /** How long the old key works beside the new one; not at all unless told. */
  readonly overlapSeconds?: number | null | undefined;
}

/** Issues a key in place of another, with its scopes, role, limits and expiry. The other ends: at once, or after the overlap. */
export async function rotateApiKey(call: Call, { id, ...input }: RotateApiKey): Promise<IssuedApiKey> {
  const { name, overlapSeconds } = parse(rotateApiKeyInput, input);
  return changeKey(call, id, async (write, { home, key: old }) => {
    assertHomeActive(home);
    const now = new Date();
    if (old.expiresAt !== null && old.expiresAt <= now) {
      throw keyNotFound();
    }
    assertCovered(call.principal, [...old.scopes, ...old.effectiveScopes]);
    const issued = await issueKey(write, home, { ...old, name: name ?? rotatedName(old.name) });
    const end = new Date(now.getTime() + (overlapSeconds ?? 0) * 1_000);
    await (overlapSeconds
      ? write.db.$executeRaw`update api_keys set expires_at = least(expires_at, ${end}) where id = ${id}::uuid`
      : write.db.$executeRaw`update api_keys set revoked_at = ${now} where id = ${id}::uuid`);
    const after = overlapSeconds
      ? { ...old, expiresAt: old.expiresAt !== null && old.expiresAt < end ? old.expiresAt : end }
      : { ...old, revokedAt: now };
    home.ledger.append({
      type: 'api_key.rotated',
      tenant: home.tenant,
      before: keyState(old),
      after: { ...keyState(after), successor_id: issued.apiKey.id },
    });
    return issued;
  });
}

const mark = ' (rotated)';
const maxNameLength = 255;

/** A name says once that its key is not the first. */
function rotatedName(name: string | null): string | null {
  if (name === null || name.endsWith(mark)) {
    return name;
  }
  return [...name].slice(0, maxNameLength - mark.length).join('') + mark;
}
