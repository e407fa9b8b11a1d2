import { v7 as uuidv7 } from 'uuid';
import type { Call } from '../call.ts';
import { beneathPath, invalidField, StratumError } from '../errors.ts';
import { assertHomeActive, assertInstallation, type LockedHome, lockedHome, scopeOfHome } from '../home.ts';
import { type Write, write } from '../ledger/write.ts';
import { covers, type Principal, type Scope } from '../principal.ts';
import { parse } from '../validation.ts';
import { usableKey } from './find.ts';
import { type CreateApiKeyInput, createApiKeyInput } from './input.ts';
import { type IssuedApiKey, keyState, shownKey } from './rows.ts';

/**
 * Issues a key to an active tenant, or to the whole installation (`tenantId` null, for principals of the installation). `FORBIDDEN` for
 * scopes that the caller doesn't have.
 */
export async function createApiKey(call: Call, { input }: { input: CreateApiKeyInput }): Promise<IssuedApiKey> {
  if (input.tenantId === undefined) {
    throw beneathPath(invalidField('tenantId', 'is required (null is the whole installation)', 'required'), ['input']);
  }
  const { tenantId, ...key } = parse(createApiKeyInput, input, ['input']);
  assertCovered(call.principal, key.scopes);
  if (tenantId === null) {
    assertInstallation(call.principal, 'issue keys of the installation');
  }
  return write(call, scopeOfHome(tenantId), async (write) => {
    const home = lockedHome(write, tenantId);
    assertHomeActive(home);
    return issueKey(write, home, { ...key, roleId: null });
  });
}

/** What a new key is to be like. */
export interface NewKey {
  readonly name?: string | null | undefined;
  readonly scopes: readonly Scope[];
  readonly roleId: string | null;
  readonly expiresAt?: Date | null | undefined;
  readonly rateLimitMax?: number | null | undefined;
  readonly rateLimitWindow?: string | null | undefined;
}

/** Makes a key, keeps its hash, and records it. */
export async function issueKey(write: Write, { tenant, ledger }: LockedHome, key: NewKey): Promise<IssuedApiKey> {
  const { plaintext, prefix, hash } = write.keys.mint();
  const id = uuidv7();
  await write.db.$executeRaw`
    insert into api_keys (id, tenant_key, root_id, name, prefix, hash, scopes, role_id, expires_at, rate_limit_max, rate_limit_window)
    values (${id}::uuid, ${tenant?.key ?? null}, ${tenant?.rootId ?? null}::uuid, ${key.name ?? null}, ${prefix}, ${hash},
      ${[...key.scopes]}::text[]::scope[], ${key.roleId}::uuid, ${key.expiresAt ?? null}, ${key.rateLimitMax ?? null}, ${key.rateLimitWindow ?? null})`;
  const stored = await usableKey(write, id);
  ledger.append({ type: 'api_key.created', tenant, after: keyState(stored) });
  return { plaintextKey: plaintext, apiKey: shownKey(write, stored) };
}

/** Nobody gives what they don't have. */
export function assertCovered(principal: Principal, scopes: readonly Scope[]): void {
  if (!covers(principal, scopes)) {
    const lacking = scopes.filter((scope) => !covers(principal, [scope]));
    throw new StratumError('FORBIDDEN', `This takes the scope ${lacking.join(', ')} oneself`);
  }
}
