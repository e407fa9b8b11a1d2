import { createHmac } from 'node:crypto';
import { schemaName, settingName } from './names.ts';

/** Runs a statement, with values for its places, and gives its rows. */
export type Query = <Row extends object>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** How long a setting may open a transaction; the transaction itself may take longer. As much as clocks of two machines may differ, and more. */
const lifetimeMs = 300_000;

/** The value that makes a transaction one of this tenant: `<tenant>.<expiry in seconds>.<HMAC-SHA-256 of both>`. */
export function settingOf(tenantId: string, key: Uint8Array, now = Date.now()): string {
  const payload = `${tenantId.toLowerCase()}.${Math.floor((now + lifetimeMs) / 1000)}`;
  return `${payload}.${createHmac('sha256', key).update(payload).digest('hex')}`;
}

/** For the running transaction alone. The value goes as a parameter: others of the same login can read the text of statements that run. */
export const enterStatement = `select set_config('${settingName}', $1, true)`;

/** The key that settings are signed with; null when it isn't there. Only the owner of Stratum's tables can read it. */
export async function readKey(query: Query): Promise<Uint8Array | null> {
  const [there] = await query<{ there: boolean }>(`select to_regclass('${schemaName}.keys') is not null as there`);
  if (there?.there !== true) {
    return null;
  }
  const [row] = await query<{ key: Uint8Array }>(`select key from ${schemaName}.keys`);
  return row?.key ?? null;
}
