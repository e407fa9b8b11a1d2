import type { Database } from '../db/database.ts';
import type { Limits, Services } from './call.ts';
import { createEntryCache } from './entry-cache.ts';
import { createSecretBox } from './secrets.ts';
import { createLineageReader } from './tenants/lineage-reader.ts';

export interface ServicesOptions {
  readonly database: Database;
  /** Key material of 32 bytes and more. The first seals, all open. */
  readonly encryptionKeys: readonly [string, ...string[]];
  readonly limits: Limits;
}

/** What the whole process shares. */
export function createServices({ database, encryptionKeys, limits }: ServicesOptions): Services {
  return {
    database,
    secrets: createSecretBox(encryptionKeys),
    cache: createEntryCache(),
    lineages: createLineageReader(database),
    limits,
  };
}
