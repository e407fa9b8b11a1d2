import { isDeepStrictEqual } from 'node:util';
import type { Call } from '../call.ts';
import { invalid } from '../errors.ts';
import { type TenantReference, tenantOf } from '../tenants/lineage.ts';
import { type ConfigLineage, type ResolvedEntry, resolvedConfig } from './resolved.ts';

/** How far a tenant has gone from another one, for one key or over all: from `ok` to the worst, `conflict`. */
export const driftStatuses = ['ok', 'override', 'missing', 'conflict'] as const;

export type DriftStatus = (typeof driftStatuses)[number];

/** One key of the two. */
export interface KeyDrift {
  readonly key: string;
  readonly status: DriftStatus;
  /** What applies to the parent and to the child; null where nothing does, or where the value is withheld. */
  readonly parentValue: unknown;
  readonly childValue: unknown;
  /** Whether the parent's entry is locked. */
  readonly locked: boolean;
}

export interface Drift {
  readonly tenant: TenantReference;
  /** The worst of all keys. */
  readonly status: DriftStatus;
  readonly details: readonly KeyDrift[];
}

/** As many tenants are compared at once at most. */
export const maxDriftChildren = 100;

export function assertDriftChildren(children: readonly string[]): void {
  if (children.length < 1 || children.length > maxDriftChildren) {
    const code = children.length < 1 ? 'too_small' : 'too_big';
    throw invalid([{ path: ['children'], message: `must have 1 to ${maxDriftChildren} items`, code }]);
  }
}

/** Compares what applies to a child with what applies to its parent, key by key. */
export function configDrift(call: Call, parent: ConfigLineage, child: ConfigLineage): Drift {
  const parentId = tenantOf(parent.tenants).id;
  const [above, below] = [parent, child].map(
    (lineage) => new Map(resolvedConfig(call, lineage, {}).map((entry) => [entry.key, entry])),
  );
  const keys = [...new Set([...(above?.keys() ?? []), ...(below?.keys() ?? [])])].sort((a, b) => (a < b ? -1 : 1));
  const details = keys.map((key) => compare(key, above?.get(key), below?.get(key)));
  const { id, name, slug } = tenantOf(child.tenants);
  return { tenant: { id, name, slug }, status: parentId === id ? 'ok' : worst(details), details };
}

function compare(key: string, above: ResolvedEntry | undefined, below: ResolvedEntry | undefined): KeyDrift {
  return {
    key,
    status: statusOf(above, below),
    parentValue: above?.value ?? null,
    childValue: below?.value ?? null,
    locked: above?.locked ?? false,
  };
}

function statusOf(above: ResolvedEntry | undefined, below: ResolvedEntry | undefined): DriftStatus {
  if (above === undefined) {
    return 'override';
  }
  if (below === undefined) {
    return 'missing';
  }
  if (isSame(above, below)) {
    return 'ok';
  }
  return above.locked ? 'conflict' : 'override';
}

/** What has one source is one value. Withheld values of different sources aren't compared: that would tell them. */
function isSame(above: ResolvedEntry, below: ResolvedEntry): boolean {
  const withheld = above.masked || below.masked;
  return above.source.id === below.source.id || (!withheld && isDeepStrictEqual(above.value, below.value));
}

function worst(details: readonly KeyDrift[]): DriftStatus {
  const ranks = details.map(({ status }) => driftStatuses.indexOf(status));
  return driftStatuses[Math.max(0, ...ranks)] ?? 'ok';
}
