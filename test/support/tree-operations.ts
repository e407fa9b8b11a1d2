import fc from 'fast-check';
import type { Policy, TreeModel } from './tree-model.ts';

export interface NewTenant {
  readonly label: number;
  readonly slug: string;
  /** An existing tenant; null for a root, or when `within` says more. */
  readonly parent: number | null;
  /** The place of the parent in the same batch. */
  readonly within: number | null;
}

export interface NewEntry {
  readonly key: string;
  readonly value: number;
  readonly locked: boolean;
  readonly sensitive: boolean | null;
}

export type Operation =
  | { readonly type: 'create'; readonly items: readonly NewTenant[] }
  | { readonly type: 'update'; readonly tenant: number; readonly slug: string | undefined; readonly name: string }
  | { readonly type: 'move'; readonly tenant: number; readonly parent: number | null }
  | { readonly type: 'reorder'; readonly tenant: number; readonly position: number }
  | { readonly type: 'suspend' | 'resume' | 'archive' | 'purge'; readonly tenant: number }
  | { readonly type: 'set'; readonly tenant: number; readonly entries: readonly NewEntry[] }
  | { readonly type: 'unset'; readonly tenant: number; readonly key: string }
  | ({ readonly type: 'grant'; readonly tenant: number; readonly key: string } & Policy)
  | { readonly type: 'change'; readonly policy: number; readonly to: Partial<Omit<Policy, 'label'>> }
  | { readonly type: 'revoke'; readonly policy: number };

/** An operation before it is known what there is to operate on: numbers that pick among what there will be. */
export interface Draft {
  readonly kind: (typeof kinds)[number];
  readonly picks: readonly [number, number, number, number];
}

const weights = {
  create: 9,
  batch: 4,
  update: 2,
  move: 6,
  reorder: 2,
  suspend: 3,
  resume: 3,
  archive: 2,
  purge: 2,
  set: 6,
  unset: 2,
  grant: 9,
  change: 4,
  revoke: 3,
} as const;
const kinds = Object.keys(weights) as (keyof typeof weights)[];

const anyDraft: fc.Arbitrary<Draft> = fc.record({
  kind: fc.oneof(...kinds.map((kind) => ({ weight: weights[kind], arbitrary: fc.constant(kind) }))),
  picks: fc.tuple(fc.nat(9999), fc.nat(9999), fc.nat(9999), fc.nat(9999)),
});

/** Every number as likely as any other: small ones would only pick the first tenant again and again. */
export const draft: fc.Arbitrary<Draft> = fc.noBias(anyDraft);

/** The beginning of every world: a few tenants, each beneath an earlier one or not. */
export const planting: fc.Arbitrary<Draft[]> = fc.array(
  draft.map(({ picks }) => ({ kind: 'batch' as const, picks })),
  { minLength: 3, maxLength: 3 },
);

/** The label of something that does not exist. */
const nobody = -1;

function pick<T>(from: readonly T[], n: number): T {
  return from[n % from.length]!;
}

/** Turns drafts into operations on what the model holds. Labels are never used twice. */
export class Drafting {
  #next = 0;

  operation({ kind, picks: [a, b, c, d] }: Draft, model: TreeModel): Operation {
    const tenants = [...model.tenants.keys()];
    const policies = [...model.tenants.values()].flatMap((one) => [...one.policies.values()].map(({ label }) => label));
    const one = (from: readonly number[], n: number) => (from.length === 0 || n % 13 === 12 ? nobody : pick(from, n));
    const tenant = one(tenants, a);
    const parent = b % 5 === 0 ? null : one(tenants, b);
    switch (kind) {
      case 'create':
        return { type: 'create', items: [this.#newTenant(parent, null, c)] };
      case 'batch':
        return {
          type: 'create',
          items: [
            this.#newTenant(parent, null, c),
            this.#newTenant(null, 0, d),
            this.#newTenant(tenants.length === 0 ? null : one(tenants, d), null, a),
          ],
        };
      case 'update':
        return { type: 'update', tenant, slug: b % 3 === 0 ? undefined : this.#slug(b), name: `n${c % 4}` };
      case 'move':
        return { type: 'move', tenant, parent };
      case 'reorder':
        return { type: 'reorder', tenant, position: b % 6 };
      case 'suspend':
      case 'resume':
      case 'archive':
      case 'purge':
        return { type: kind, tenant };
      case 'set':
        return { type: 'set', tenant, entries: [b, c, d].slice(b % 4 === 0 ? 0 : 2).map(newEntry) };
      case 'unset':
        return { type: 'unset', tenant, key: pick(keys, b) };
      case 'grant':
        return { type: 'grant', tenant, key: pick(keys, b % 2), ...terms(c, d), label: this.#label() };
      case 'change': {
        const { value, mode, revocationMode } = terms(b, c);
        const to = {
          ...(b % 2 === 0 && { value }),
          ...(c % 2 === 0 && { mode }),
          ...(d % 2 === 0 && { revocationMode }),
        };
        return { type: 'change', policy: one(policies, a), to };
      }
      case 'revoke':
        return { type: 'revoke', policy: one(policies, a) };
    }
  }

  #label(): number {
    this.#next += 1;
    return this.#next;
  }

  #newTenant(parent: number | null, within: number | null, n: number): NewTenant {
    const label = this.#label();
    return { label, parent, within, slug: n % 3 === 0 ? this.#slug(n) : `t${label}` };
  }

  /** One of a few, so that it is taken now and then. */
  #slug(n: number): string {
    return `s${n % 7}`;
  }
}

const keys = ['a', 'b', 'constructor'];

function newEntry(n: number): NewEntry {
  return {
    key: pick(keys, n),
    value: n % 10,
    locked: n % 5 === 0,
    sensitive: pick([null, null, true, false], Math.floor(n / 7)),
  };
}

function terms(m: number, n: number): Omit<Policy, 'label'> {
  return {
    value: m % 10,
    mode: pick(['DELEGATED', 'INHERITED', 'DELEGATED', 'LOCKED', 'DELEGATED'], Math.floor(m / 3)),
    revocationMode: pick(['CASCADE', 'SOFT', 'PERMANENT', 'CASCADE'], Math.floor(n / 3)),
  };
}
