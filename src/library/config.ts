import type { Actor } from './actor.ts';
import type { ConfigSelection, ConfigValue } from './inputs.ts';
import { getConfigDrift } from './own-routes.ts';
import type { Run } from './run.ts';
import type { ConfigBatch, ConfigDiff, ConfigDrift, ConfigDriftBatch, ConfigEntry, ResolvedConfig } from './types.ts';

export type ConfigMethods = ReturnType<typeof configMethods>;

/** Config that flows down the tree. */
export function configMethods(run: Run) {
  const batchComputeDrift = (parentId: string, childIds: string[]) =>
    run<ConfigDriftBatch>(getConfigDrift, { query: { parent_id: parentId, child_ids: childIds } });
  return {
    /** What config resolves to for a tenant that is not archived. Secrets are masked, unless `reveal` asks for them. */
    resolveConfig: (id: string, selection: ConfigSelection = {}) =>
      run<ResolvedConfig>('GET /tenants/:id/config', { params: { id }, query: { ...selection } }),
    /** The same for a tenant of any status. */
    getConfigWithInheritance: (id: string, selection: ConfigSelection = {}) =>
      run<ResolvedConfig>('GET /tenants/:id/config/inheritance', { params: { id }, query: { ...selection } }),
    /** Sets a key of an active tenant. `CONFIG_LOCKED` when a tenant above has locked it. */
    setConfig: (id: string, key: string, input: ConfigValue, actor?: Actor) =>
      run<ConfigEntry>('PUT /tenants/:id/config/:key', { params: { id, key }, body: input }, actor),
    /** Sets up to 200 keys, all or none; the answer says what became of each. Throws when no entry is to blame. */
    batchSetConfig: (id: string, entries: ({ key: string } & ConfigValue)[], actor?: Actor) =>
      run<ConfigBatch>('PUT /tenants/:id/config/batch', { params: { id }, body: { entries } }, actor),
    /** Removes a tenant's own entry: what is inherited applies again. */
    deleteConfig: async (id: string, key: string, actor?: Actor) => {
      await run('DELETE /tenants/:id/config/:key', { params: { id, key } }, actor);
    },
    /** The config of two tenants side by side. */
    diffConfig: (a: string, b: string) => run<ConfigDiff>('GET /config/diff', { query: { tenant_a: a, tenant_b: b } }),
    /** How far the config of a tenant is from another's, such as its parent's. */
    computeDrift: async (parentId: string, childId: string): Promise<ConfigDrift> => {
      const { results } = await batchComputeDrift(parentId, [childId]);
      return results[0] as ConfigDrift; // one for each child
    },
    /** The same for several, and in numbers. */
    batchComputeDrift,
  };
}
