import type { Database } from '../db/database.ts';
import { createKeyHash } from './api-keys/hash.ts';
import { createKeyMint, type KeyPrefix } from './api-keys/mint.ts';
import type { Limits, Services } from './call.ts';
import { createEntryCache } from './entry-cache.ts';
import { createFeed } from './ledger/feed.ts';
import { createLines } from './lines.ts';
import { createSecretBox } from './secrets.ts';
import { createLineageReader } from './tenants/lineage-reader.ts';

export interface ServicesOptions {
  readonly database: Database;
  /** Key material of 32 bytes and more. The first seals, all open. */
  readonly encryptionKeys: readonly [string, ...string[]];
  /** The secret that API keys are hashed under, and how new ones begin. */
  readonly apiKeys: { readonly hmacSecret: string; readonly prefix: KeyPrefix };
  readonly limits: Limits;
  /** How many connections and subscriptions a caller may have open at a time; any number unless told. */
  readonly maxLines?: number;
  /** Hears that the feed of events could not look; it tries again by itself. */
  readonly onFeedFault?: (error: unknown) => void;
  /** Hears how far a ledger has come with a write of this process. */
  readonly onCommit?: (ledgerId: string, revision: bigint) => void;
}

/** What the whole process shares. */
export function createServices(options: ServicesOptions): Services {
  const { database, encryptionKeys, apiKeys, limits, maxLines, onFeedFault, onCommit } = options;
  const feed = createFeed({ database, ...(onFeedFault && { onFault: onFeedFault }) });
  return {
    database,
    secrets: createSecretBox(encryptionKeys),
    keys: createKeyMint(createKeyHash(apiKeys.hmacSecret), apiKeys.prefix),
    cache: createEntryCache(),
    lineages: createLineageReader(database),
    feed,
    lines: createLines(maxLines ?? Number.POSITIVE_INFINITY),
    announce: (ledgerId, revision) => {
      feed.wake(ledgerId, revision);
      onCommit?.(ledgerId, revision);
    },
    limits,
  };
}
