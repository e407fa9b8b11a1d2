import type { PermissionMode, RevocationMode } from '../../db/generated/prisma/client.ts';
import type { Call } from '../call.ts';
import { type Made, type SharedMap, sharedMap } from '../entry-cache.ts';
import {
  explanationText,
  isSelected,
  isWhole,
  type Outcome,
  type Rule,
  resolve,
  type Selection,
  type Settable,
  explain as why,
} from '../resolution.ts';
import { type Lineage, referenceAt, type TenantReference } from '../tenants/lineage.ts';
import type { OwnPolicy } from './policies.ts';

/** The own policies along a tenant's lineage, root first. */
export interface PermissionLineage {
  readonly tenants: Lineage;
  readonly policies: readonly (readonly OwnPolicy[])[];
}

export interface ResolvedPermission {
  readonly policyId: string;
  readonly key: string;
  readonly value: unknown;
  readonly mode: PermissionMode;
  readonly revocationMode: RevocationMode;
  readonly source: TenantReference;
  readonly inherited: boolean;
  readonly locked: boolean;
  readonly delegated: boolean;
  readonly revision: bigint;
  readonly explain: () => PermissionExplanation;
}

export interface PermissionExplanation {
  readonly candidates: readonly {
    readonly tenant: TenantReference;
    readonly policyId: string;
    readonly value: unknown;
    readonly mode: PermissionMode;
    readonly revision: bigint;
    readonly outcome: Outcome;
  }[];
  readonly rule: Rule;
  readonly text: string;
}

type SettablePolicy = OwnPolicy & Settable;

/** What applies to the tenant at the end of the lineage, in order of keys. */
export function resolvedPermissions(
  call: Call,
  { tenants, policies }: PermissionLineage,
  selection: Selection,
): ResolvedPermission[] {
  const settable = policies.map((own) =>
    own.map((policy): SettablePolicy => ({ ...policy, locked: policy.mode === 'LOCKED' })),
  );
  const reference = (level: number): TenantReference => referenceAt(call, tenants, level);
  return [...resolve(settable)]
    .filter(([key]) => isSelected(key, selection))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { entry, level }]) => ({
      policyId: entry.id,
      key,
      value: entry.value,
      mode: entry.mode,
      revocationMode: entry.revocationMode,
      source: reference(level),
      inherited: level < tenants.length - 1,
      locked: entry.locked,
      delegated: entry.mode === 'DELEGATED',
      revision: entry.revision,
      explain: () => explainPermission(settable, key, reference),
    }));
}

function explainPermission(
  policies: readonly (readonly SettablePolicy[])[],
  key: string,
  reference: (level: number) => TenantReference,
): PermissionExplanation {
  const { candidates = [], rule = 'NEAREST' } = why(policies, key) ?? {};
  const explained = candidates.map(({ entry: { id, value, mode, revision }, level, outcome }) => ({
    tenant: reference(level),
    policyId: id,
    value,
    mode,
    revision,
    outcome,
  }));
  return { candidates: explained, rule, text: explanationText(explained, rule) };
}

/**
 * The permissions as REST v1 and programs read them: one JSON object, key → permission, which all who ask share. Policies are loaded only
 * to make it.
 */
export async function resolvedPermissionsMap(
  call: Call,
  tenants: Lineage,
  { selection, load }: { selection: Selection; load: () => Promise<PermissionLineage> },
): Promise<SharedMap> {
  const make = async (): Promise<Made> => {
    const map = permissionMap(resolvedPermissions(call, await load(), selection));
    return { map, isForAll: !call.view.torn };
  };
  const versions = tenants.map(({ permissionVersion }) => permissionVersion);
  return isWhole(selection) ? sharedMap(call.cache.permissionMaps, versions, make) : (await make()).map;
}

/** The same from permissions that are resolved already. */
export function permissionMap(resolved: readonly ResolvedPermission[]): Record<string, unknown> {
  return Object.fromEntries(
    resolved.map(({ policyId, key, value, mode, source, locked, delegated }) => [
      key,
      { policy_id: policyId, key, value, mode, source_tenant_id: source.id, locked, delegated },
    ]),
  );
}
