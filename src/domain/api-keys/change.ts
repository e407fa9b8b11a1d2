import type { Call } from '../call.ts';
import { type LockedHome, lockedHome, scopeOfHome } from '../home.ts';
import { type Write, write } from '../ledger/write.ts';
import { findApiKeys, keyNotFound, usableKey } from './find.ts';
import type { ApiKeyRow } from './rows.ts';

/** A key under the lock of its home. */
export interface LockedKey {
  readonly home: LockedHome;
  readonly key: ApiKeyRow;
}

/** Changes a key that has not been revoked; `NOT_FOUND` when there is none for the caller. */
export async function changeKey<Result>(
  call: Call,
  id: string,
  change: (write: Write, locked: LockedKey) => Promise<Result>,
): Promise<Result> {
  const [found] = await findApiKeys(call, [id]);
  if (!found) {
    throw keyNotFound();
  }
  return write(call, scopeOfHome(found.tenantId), async (write) => {
    const home = lockedHome(write, found.tenantId);
    return change(write, { home, key: await usableKey(write, id) });
  });
}
