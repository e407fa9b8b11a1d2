import { isDeepStrictEqual } from 'node:util';
import type { Call } from '../call.ts';
import { invalidField } from '../errors.ts';
import { type ConfigLineage, type ResolvedEntry, resolvedConfig, type Shown } from './resolved.ts';

/** How one of two tenants comes by a value. */
export type DiffStatus = 'own' | 'inherited' | 'locked';

export interface DiffSide extends Shown {
  readonly status: DiffStatus;
  /** The tenant that set it. */
  readonly sourceId: string;
}

export interface DiffEntry {
  readonly key: string;
  /** Whether both have the same value; null when one of them is withheld. */
  readonly equal: boolean | null;
  readonly a: DiffSide | null;
  readonly b: DiffSide | null;
}

/** What applies to two tenants, side by side, in order of keys. `VALIDATION_ERROR` when they are the same tenant. */
export function diffConfig(call: Call, a: ConfigLineage, b: ConfigLineage): DiffEntry[] {
  if (a.tenants.at(-1)?.id === b.tenants.at(-1)?.id) {
    throw invalidField('b', 'must be another tenant');
  }
  const [ofA, ofB] = [a, b].map((lineage) => byKey(resolvedConfig(call, lineage, {})));
  const keys = [...new Set([...(ofA?.keys() ?? []), ...(ofB?.keys() ?? [])])].sort((x, y) => (x < y ? -1 : 1));
  return keys.map((key) => {
    const [left, right] = [ofA?.get(key), ofB?.get(key)];
    return { key, equal: isEqual(left, right), a: side(left), b: side(right) };
  });
}

function byKey(entries: readonly ResolvedEntry[]): Map<string, ResolvedEntry> {
  return new Map(entries.map((entry) => [entry.key, entry]));
}

function isEqual(a: ResolvedEntry | undefined, b: ResolvedEntry | undefined): boolean | null {
  if (a?.masked || b?.masked) {
    return null;
  }
  return a !== undefined && b !== undefined && isDeepStrictEqual(a.value, b.value);
}

function side(entry: ResolvedEntry | undefined): DiffSide | null {
  if (entry === undefined) {
    return null;
  }
  const { value, sensitive, masked, locked, inherited, source } = entry;
  return {
    value,
    sensitive,
    masked,
    status: locked ? 'locked' : inherited ? 'inherited' : 'own',
    sourceId: source.id,
  };
}
