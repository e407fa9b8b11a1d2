import { Prisma } from '../../db/generated/prisma/client.ts';
import { type Call, transaction } from '../call.ts';
import { installationLedgerId, write } from '../ledger/write.ts';
import { secretContext } from './resolved.ts';

export interface Resealed {
  /** How many values are sealed with the current key now that were not before. */
  readonly resealed: number;
  /** How many no key opens; they stay as they are. */
  readonly unreadable: number;
}

interface SealedRow {
  readonly id: string;
  readonly tenantId: string;
  readonly key: string;
  readonly ciphertext: string;
}

const batchSize = 100;

/**
 * Seals every sensitive value with the current key, a hundred rows in a transaction. Each envelope names its key, so it can end anywhere and
 * be repeated; and a row is only replaced as it was read, so that a write that comes between stays.
 */
export async function reseal(call: Call, onBatch: () => void = () => {}): Promise<Resealed> {
  let [resealed, unreadable] = [0, 0];
  for (let after = '00000000-0000-0000-0000-000000000000'; ; onBatch()) {
    const rows = await readBatch(call, after);
    const opened = rows.map((row) => ({ row, sealed: sealedAnew(call, row) }));
    unreadable += opened.filter(({ sealed }) => sealed === null).length;
    resealed += await replaceAll(call, opened);
    const last = rows.at(-1);
    if (last === undefined || rows.length < batchSize) {
      break;
    }
    after = last.id;
  }
  if (resealed > 0) {
    await record(call, resealed);
  }
  return { resealed, unreadable };
}

function readBatch({ database, secrets }: Call, after: string): Promise<SealedRow[]> {
  return database.query<SealedRow>(Prisma.sql`
    select c.id, t.id as "tenantId", c.key, c.ciphertext from config_entries c join tenants t on t.key = c.tenant_key
    where c.id > ${after}::uuid and c.ciphertext is not null and not starts_with(c.ciphertext, ${secrets.currentMark})
    order by c.id limit ${batchSize}`);
}

/** The value in a new envelope, or null when no key opens the old one. */
function sealedAnew({ secrets }: Call, { tenantId, key, ciphertext }: SealedRow): string | null {
  const context = secretContext(tenantId, key);
  try {
    return secrets.seal(secrets.open(ciphertext, context), context);
  } catch {
    return null;
  }
}

async function replaceAll(
  call: Call,
  opened: readonly { readonly row: SealedRow; readonly sealed: string | null }[],
): Promise<number> {
  return transaction(call, async (db) => {
    let replaced = 0;
    for (const { row, sealed } of opened) {
      if (sealed !== null) {
        replaced +=
          await db.$executeRaw`update config_entries set ciphertext = ${sealed} where id = ${row.id}::uuid and ciphertext = ${row.ciphertext}`;
      }
    }
    return replaced;
  });
}

/** Nothing that anybody sees has changed but the key. */
function record(call: Call, resealed: number): Promise<bigint> {
  return write(call, { tenantIds: [], installation: true }, async ({ ledger }) =>
    ledger(installationLedgerId).append({
      type: 'encryption.key_rotated',
      tenant: null,
      after: { config_entries: resealed },
    }),
  );
}
