import type { Call } from '../call.ts';
import { type Made, type SharedMap, sharedMap } from '../entry-cache.ts';
import { canSee, hasScope } from '../principal.ts';
import {
  explanationText,
  isSelected,
  isWhole,
  type Outcome,
  type Rule,
  resolve,
  type Selection,
  explain as why,
} from '../resolution.ts';
import { type Lineage, type LineageTenant, referenceAt, type TenantReference } from '../tenants/lineage.ts';
import type { OwnEntry } from './entries.ts';

/** The own entries along a tenant's lineage, root first. */
export interface ConfigLineage {
  readonly tenants: Lineage;
  readonly entries: readonly (readonly OwnEntry[])[];
}

export interface ConfigSelection extends Selection {
  /** Whether to show sensitive values that the caller may see. */
  readonly revealSensitive?: boolean | null | undefined;
}

/** A value as the caller may see it. */
export interface Shown {
  readonly value: unknown;
  readonly sensitive: boolean;
  /** Whether the value is withheld: `value` is null then. */
  readonly masked: boolean;
}

export interface ResolvedEntry extends Shown {
  readonly key: string;
  readonly source: TenantReference;
  readonly inherited: boolean;
  readonly locked: boolean;
  readonly revision: bigint;
  readonly explain: () => ConfigExplanation;
}

export interface ConfigExplanation {
  readonly candidates: readonly (Shown & {
    tenant: TenantReference;
    locked: boolean;
    revision: bigint;
    outcome: Outcome;
  })[];
  readonly rule: Rule;
  readonly text: string;
}

/** What applies to the tenant at the end of the lineage, in order of keys. */
export function resolvedConfig(call: Call, lineage: ConfigLineage, selection: ConfigSelection): ResolvedEntry[] {
  const show = shower(call, lineage, selection.revealSensitive ?? false);
  const withhold = shower(call, lineage, false);
  // What doesn't apply to the tenant isn't its to see, even when the value that does is: that takes an administrator of who set it.
  const showOther: Show = (entry, level) =>
    isAdministrator(call, lineage.tenants[level]) ? show(entry, level) : withhold(entry, level);
  return [...resolve(lineage.entries)]
    .filter(([key]) => isSelected(key, selection))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { entry, level }]) => ({
      key,
      ...show(entry, level),
      source: referenceAt(call, lineage.tenants, level),
      inherited: level < lineage.tenants.length - 1,
      locked: entry.locked,
      revision: entry.revision,
      explain: () => explainConfig(call, lineage, key, { show, showOther }),
    }));
}

type Show = (entry: OwnEntry, level: number) => Shown;

function isAdministrator({ principal }: Call, tenant: LineageTenant | undefined): boolean {
  return tenant !== undefined && hasScope(principal, 'admin') && canSee(principal, tenant.path);
}

/**
 * Decides what of a lineage's values is shown. An entry is sensitive when it, or one for its key further up, is stored as such.
 * In clear it goes to callers at home in the tenant that set it, and, when they ask for it, to callers at home in the tenant
 * it applies to and to administrators.
 */
export function shower(
  { principal, secrets }: Call,
  { tenants, entries }: ConfigLineage,
  revealSensitive: boolean,
): Show {
  const home = principal.home?.tenantId;
  const revealed = revealSensitive && (hasScope(principal, 'admin') || home === tenants.at(-1)?.id);
  const secretFrom = secretLevels(entries);
  return (entry, level) => {
    const sensitive = level >= (secretFrom.get(entry.key) ?? Number.POSITIVE_INFINITY);
    const owner = tenants[level]?.id ?? '';
    if (sensitive && !revealed && home !== owner) {
      return { value: null, sensitive, masked: true };
    }
    const value =
      entry.ciphertext === null ? entry.value : secrets.open(entry.ciphertext, secretContext(owner, entry.key));
    return { value, sensitive, masked: false };
  };
}

/** What a sealed value is bound to: it can't be passed off as another tenant's or another key's. */
export function secretContext(tenantId: string, key: string): string {
  return `config:${tenantId}:${key}`;
}

/** The topmost level at which each key is stored as a secret. */
function secretLevels(entries: ConfigLineage['entries']): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  for (const [level, own] of entries.entries()) {
    for (const { key, ciphertext } of own) {
      if (ciphertext !== null && !levels.has(key)) {
        levels.set(key, level);
      }
    }
  }
  return levels;
}

function explainConfig(
  call: Call,
  lineage: ConfigLineage,
  key: string,
  { show, showOther }: { show: Show; showOther: Show },
): ConfigExplanation {
  const { candidates = [], rule = 'NEAREST' } = why(lineage.entries, key) ?? {};
  const explained = candidates.map(({ entry, level, outcome }) => ({
    ...(outcome === 'DECIDED' ? show : showOther)(entry, level),
    tenant: referenceAt(call, lineage.tenants, level),
    locked: entry.locked,
    revision: entry.revision,
    outcome,
  }));
  return { candidates: explained, rule, text: explanationText(explained, rule) };
}

/**
 * The entries as REST v1 and programs read them: one JSON object, key → entry. Where all of it is for everybody, the answer is one object
 * that all who ask share, and entries are loaded only to make it.
 */
export async function resolvedConfigMap(
  call: Call,
  tenants: Lineage,
  { selection, load }: { selection: ConfigSelection; load: () => Promise<ConfigLineage> },
): Promise<SharedMap> {
  const make = async (): Promise<Made> => {
    const lineage = await load();
    const isForAll = !call.view.torn && !lineage.entries.some(hasSecret);
    return { map: configMap(resolvedConfig(call, lineage, selection)), isForAll };
  };
  const versions = tenants.map(({ configVersion }) => configVersion);
  return isWhole(selection) ? sharedMap(call.cache.configMaps, versions, make) : (await make()).map;
}

function hasSecret(own: readonly OwnEntry[]): boolean {
  return own.some(({ ciphertext }) => ciphertext !== null);
}

/** The same from entries that are resolved already. */
export function configMap(resolved: readonly ResolvedEntry[]): Record<string, unknown> {
  return Object.fromEntries(
    resolved.map(({ key, value, source, inherited, locked, sensitive, masked }) => [
      key,
      { key, value, source_tenant_id: source.id, inherited, locked, ...(sensitive && { sensitive, masked }) },
    ]),
  );
}
