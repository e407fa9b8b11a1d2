import type { Call } from '../call.ts';
import { changeKey } from './change.ts';
import { type ApiKey, keyState, shownKey } from './rows.ts';

/** Ends a key for good, in any state of its tenant: from the next request on nobody is let in with it. */
export async function revokeApiKey(call: Call, { id }: { readonly id: string }): Promise<ApiKey> {
  return changeKey(call, id, async (write, { home: { tenant, ledger }, key }) => {
    const revoked = { ...key, revokedAt: new Date() };
    await write.db.$executeRaw`update api_keys set revoked_at = ${revoked.revokedAt} where id = ${id}::uuid`;
    ledger.append({ type: 'api_key.revoked', tenant, before: keyState(key), after: keyState(revoked) });
    return shownKey(write, revoked);
  });
}
