import { type Client, CreateTenantsDocument, SetConfigsDocument } from '../../src/client/index.ts';

const depth = 5;
const keysPerLevel = 20;

/**
 * A tree with a single branch down to depth 5, where every tenant sets the same 20 keys: each is overridden at every level. Gives the
 * id of the lowest tenant.
 */
export async function makeConfigTree(client: Client, name: string): Promise<string> {
  const tenants = Array.from({ length: depth + 1 }, (_, level) => ({
    slug: `${name}_${level}`,
    name: `Level ${level}`,
    ...(level > 0 && { parentSlug: `${name}_${level - 1}` }),
  }));
  const { createTenants } = await client.mutate(CreateTenantsDocument, { tenants });
  for (const [level, { id }] of createTenants!.entries()) {
    await client.mutate(SetConfigsDocument, { tenantId: id, entries: entriesAt(level) });
  }
  return createTenants!.at(-1)!.id;
}

function entriesAt(level: number) {
  return Array.from({ length: keysPerLevel }, (_, index) => ({
    key: `feature.${index}`,
    value: { limit: level * 100 + index, enabled: true },
  }));
}
