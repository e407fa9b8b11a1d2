import type { TenantStatus } from '../../src/db/generated/prisma/client.ts';
import type { Scope } from '../../src/domain/principal.ts';
import { holds, refusalOfHome } from './access-matrix-callers.ts';
import { always, type Target, type Verdict } from './access-table.ts';
import { type Caller, type Home, homes } from './access-world.ts';

/** A target with what only some rows are about. */
export interface Place extends Target {
  readonly siblingId: string;
  readonly siblingKeyId: string;
  /** At home in the whole installation. */
  readonly freeRoleId: string;
  readonly freeKeyId: string;
  readonly freeWebhookId: string;
  readonly freeDeliveryId: string;
  /** They give all scopes there are. */
  readonly strongRoleId: string;
  readonly strongKeyId: string;
  /** A small role, and the key that has it in place of all scopes. */
  readonly heldRoleId: string;
  readonly holderKeyId: string;
}

/** The body of a request, or a field of a document. */
export interface Asked {
  readonly field?: string;
  readonly path?: string;
  readonly body?: object;
}

/** A field or route asked about something else than in the main table: what comes of it, by the first that applies. */
export interface Variant {
  readonly scope: Scope;
  /** From where it exists. */
  readonly reach: readonly Home[];
  /** What it comes to from elsewhere. */
  readonly missing: Verdict;
  readonly statuses: Readonly<Record<TenantStatus, Verdict>>;
  readonly request: (place: Place) => Asked;
  /** Whether it is seen from below, but only for principals of the whole installation. */
  readonly installation?: boolean;
  /** The scope that is given or taken by it: nobody gives or takes what they don't have. */
  readonly covers?: Scope;
  /** What it comes to for those who don't have it; `FORBIDDEN` unless told. */
  readonly uncovered?: Verdict;
  /** Of lists and `node`: the id that is seen or hidden. */
  readonly shows?: (place: Place) => string;
}

export const inside: readonly Home[] = ['installation', 'parent', 'own'];
export const insideChild: readonly Home[] = [...inside, 'child'];
export const withSibling: readonly Home[] = ['installation', 'parent'];
export const top: readonly Home[] = ['installation'];

const all = (verdict: Verdict) => ({
  active: verdict,
  suspended: verdict,
  archived: verdict,
  pending: verdict,
});
export const shown = all('seen');
export const refused = all('VALIDATION_ERROR');
export const inUse = {
  active: 'ok',
  suspended: 'TENANT_SUSPENDED',
  archived: 'TENANT_ARCHIVED',
  pending: 'TENANT_INVALID_STATE',
} as const;
export const notArchived = { ...always, archived: 'TENANT_ARCHIVED' } as const;
export const suspending = { ...all('TENANT_INVALID_STATE'), active: 'ok' } as const;
export const archiving = { ...suspending, suspended: 'ok' } as const;
export const resuming = { ...inUse, active: 'TENANT_INVALID_STATE' } as const;

export const q = JSON.stringify;
export const tenant = 'TENANT_NOT_FOUND' as const;
export const other = 'NOT_FOUND' as const;
export const strong = { covers: 'admin' } as const;
let turn = 0;
export const name = (): string => {
  turn += 1;
  return `variant_${turn}`;
};

type Rule = Omit<Variant, 'request'>;
export const of = (scope: Scope, reach: readonly Home[], missing: Verdict, statuses: Variant['statuses']): Rule => ({
  scope,
  reach,
  missing,
  statuses,
});
export const field = (rule: Rule, request: (place: Place) => string): Variant => ({
  ...rule,
  request: (place) => ({ field: request(place) }),
});
export const rest = (rule: Rule, path: (place: Place) => string, body?: (place: Place) => object): Variant => ({
  ...rule,
  request: (place) => ({ path: path(place), ...(body && { body: body(place) }) }),
});

export const list = (scope: Scope, shows: (place: Place) => string): Rule => ({
  ...of(scope, inside, 'hidden', shown),
  shows,
});
/** Roles of the installation are there for everybody, and for nobody else to change. */
export const freeRole: Rule = { ...of('write', homes, other, always), installation: true };
export const freeKey = (scope: Scope): Rule => of(scope, top, other, always);
export const freeWebhook = (scope: Scope): Rule => of(scope, top, 'WEBHOOK_NOT_FOUND', always);
export const freeRoleSeen: Rule = { ...of('read', homes, 'hidden', shown), shows: ({ freeRoleId }) => freeRoleId };
export const newRoot: Rule = of('write', top, 'FORBIDDEN', always);
export const strongRole = (statuses: Variant['statuses']): Rule => ({
  ...of('write', inside, other, statuses),
  ...strong,
});
export const toTop: Rule = { ...of('write', inside, tenant, always), installation: true };

/** What is to come of a variant: the first that applies. */
export function expectedOfVariant(variant: Variant, caller: Caller, status: TenantStatus): Verdict {
  const ofHome = refusalOfHome(caller, status);
  if (ofHome !== null) {
    return ofHome;
  }
  if (!holds(caller, variant.scope)) {
    return 'FORBIDDEN';
  }
  if (!variant.reach.includes(caller.home)) {
    return variant.missing;
  }
  if (variant.installation && caller.home !== 'installation') {
    return 'FORBIDDEN';
  }
  return holds(caller, variant.covers ?? null) ? variant.statuses[status] : (variant.uncovered ?? 'FORBIDDEN');
}
