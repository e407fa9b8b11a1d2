/**
 * The one rule behind config and permissions, as a pure function. From the root down, an entry replaces what is resolved so far
 * unless that is locked: the highest lock wins, else the nearest entry. What lies below a lock stays stored and comes back when
 * the lock goes.
 */

/** Anything that is set under a key at one level of a lineage and may be locked against the levels below. */
export interface Settable {
  readonly key: string;
  readonly locked: boolean;
}

export interface Resolved<Entry> {
  readonly entry: Entry;
  /** Index into the lineage of the level that decided; 0 is the root. */
  readonly level: number;
}

export type Outcome = 'DECIDED' | 'SHADOWED_BY_LOCK' | 'OVERRIDDEN';

export type Rule = 'NEAREST' | 'HIGHEST_LOCK';

export interface Candidate<Entry> extends Resolved<Entry> {
  readonly outcome: Outcome;
}

export interface Explanation<Entry> {
  /** Every entry for the key, root first. */
  readonly candidates: readonly Candidate<Entry>[];
  readonly rule: Rule;
}

/** What applies at the end of a lineage, by key. `lineage` is root first, one list of own entries per level. */
export function resolve<Entry extends Settable>(lineage: readonly (readonly Entry[])[]): Map<string, Resolved<Entry>> {
  const resolved = new Map<string, Resolved<Entry>>();
  for (const [level, entries] of lineage.entries()) {
    for (const entry of entries) {
      if (resolved.get(entry.key)?.entry.locked !== true) {
        resolved.set(entry.key, { entry, level });
      }
    }
  }
  return resolved;
}

/** Why `key` resolves as it does; null when nothing is set. */
export function explain<Entry extends Settable>(
  lineage: readonly (readonly Entry[])[],
  key: string,
): Explanation<Entry> | null {
  const set = lineage.flatMap((entries, level) =>
    entries.filter((entry) => entry.key === key).map((entry) => ({ entry, level })),
  );
  const decided = set.find(({ entry }) => entry.locked) ?? set.at(-1);
  if (decided === undefined) {
    return null;
  }
  return {
    rule: decided.entry.locked ? 'HIGHEST_LOCK' : 'NEAREST',
    candidates: set.map((one) => ({ ...one, outcome: outcomeOf(one.level, decided.level) })),
  };
}

function outcomeOf(level: number, decided: number): Outcome {
  if (level === decided) {
    return 'DECIDED';
  }
  return level < decided ? 'OVERRIDDEN' : 'SHADOWED_BY_LOCK';
}

/** Which keys an answer is about: all unless told. */
export interface Selection {
  readonly keys?: readonly string[] | null | undefined;
  readonly prefix?: string | null | undefined;
}

/** Whether a key is among those asked for. */
export function isSelected(key: string, { keys, prefix }: Selection): boolean {
  return (keys === undefined || keys === null || keys.includes(key)) && key.startsWith(prefix ?? '');
}

/** Whether all keys are asked for. */
export function isWhole({ keys, prefix }: Selection): boolean {
  return !keys && !prefix;
}

/** One sentence for people: who decided, and what was passed over. */
export function explanationText(
  candidates: readonly { tenant: { id: string; name: string | null }; outcome: Outcome }[],
  rule: Rule,
): string {
  const decided = candidates.find(({ outcome }) => outcome === 'DECIDED')?.tenant;
  const name = decided?.name ?? decided?.id ?? 'nobody';
  const passed = candidates.length - 1;
  const others = passed === 0 ? 'it is the only one set' : `${passed} other${passed === 1 ? '' : 's'} passed over`;
  return rule === 'HIGHEST_LOCK' ? `Locked by ${name}; ${others}.` : `Set by ${name}, the nearest; ${others}.`;
}
