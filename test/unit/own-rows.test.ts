import { describe, expect, test } from 'vitest';
import { createEntryCache } from '../../src/domain/entry-cache.ts';
import { type OwnRow, ownRows } from '../../src/domain/own-rows.ts';
import type { LineageTenant } from '../../src/domain/tenants/lineage.ts';

interface Named {
  readonly id: string;
}

interface Stored {
  version: string;
  rows: readonly string[];
}

/** Two tenants with the versions of their own rows, and a reader that counts. */
function scene() {
  const stored = new Map<bigint, Stored>([
    [1n, { version: 'v5', rows: ['a', 'b'] }],
    [2n, { version: 'v6', rows: [] }],
  ]);
  const tenants = [...stored].map(([key, { version }]) => ({ key, configVersion: version }));
  const reads: bigint[][] = [];
  const cache = createEntryCache().config as unknown as Parameters<typeof ownRows<Named>>[1]['cache'];
  const view = { torn: false };
  const read = async (keys: readonly bigint[]): Promise<OwnRow<Named>[]> => {
    reads.push([...keys]);
    return keys.flatMap((tenantKey) => {
      const { version, rows } = stored.get(tenantKey) ?? { version: 'none', rows: [] };
      const ids: readonly (string | null)[] = rows.length === 0 ? [null] : rows;
      return ids.map((id) => ({ tenantKey, version, id }) as OwnRow<Named>);
    });
  };
  const ask = (which = tenants) =>
    ownRows<Named>(which as unknown as LineageTenant[], {
      cache,
      view,
      read,
      versionOf: ({ configVersion }) => configVersion,
    });
  return { stored, tenants, reads, view, ask };
}

describe('the own rows of tenants', () => {
  test('come in the order of the tenants, without what names the tenant, and are empty for who has none', async () => {
    const { tenants, reads, ask } = scene();

    expect(await ask(tenants.toReversed())).toEqual([[], [{ id: 'a' }, { id: 'b' }]]);
    expect(reads).toEqual([[2n, 1n]]);
  });

  test('are read once for all who want them at the same moment', async () => {
    const { reads, ask } = scene();

    const [first, second] = await Promise.all([ask(), ask()]);

    expect(second).toEqual(first);
    expect(reads).toHaveLength(1);
  });

  test('are read again when the reading fails', async () => {
    const { stored, reads, ask } = scene();
    stored.get = () => {
      stored.get = Map.prototype.get;
      throw new Error('the database is gone');
    };

    const failed = await Promise.allSettled([ask(), ask()]);

    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await ask()).toHaveLength(2);
    expect(reads).toHaveLength(2);
  });

  test('are read once for as long as they do not change, having none included', async () => {
    const { reads, view, ask } = scene();

    const first = await ask();

    expect(await ask()).toEqual(first);
    expect(reads).toHaveLength(1);
    expect(view.torn).toBe(false);
  });

  test('are read again, alone, for the tenant that has a new version', async () => {
    const { stored, tenants, reads, ask } = scene();
    await ask();
    stored.set(2n, { version: 'v7', rows: ['c'] });

    const rows = await ask([tenants[0]!, { ...tenants[1]!, configVersion: 'v7' }]);

    expect(rows).toEqual([[{ id: 'a' }, { id: 'b' }], [{ id: 'c' }]]);
    expect(reads[1]).toEqual([2n]);
  });
});

describe('a write between reading a tenant and reading its rows', () => {
  test('is answered with the new rows, told to the view, and kept under the new version only', async () => {
    const { stored, tenants, reads, view, ask } = scene();
    stored.set(1n, { version: 'v9', rows: ['new'] });

    expect(await ask([tenants[0]!])).toEqual([[{ id: 'new' }]]);
    expect(view.torn).toBe(true);

    await ask([{ ...tenants[0]!, configVersion: 'v9' }]);
    expect(reads).toHaveLength(1);
    await ask([tenants[0]!]);
    expect(reads).toHaveLength(2);
  });

  test('that took the tenant away leaves nothing, and is told to the view', async () => {
    const { tenants, view, ask } = scene();
    const gone = { ...tenants[0]!, key: 3n };

    const rows = await ask([gone]);

    expect(rows).toEqual([[]]);
    expect(view.torn).toBe(true);
  });
});
