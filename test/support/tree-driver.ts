import { deleteConfig } from '../../src/domain/config/delete.ts';
import { ownEntries } from '../../src/domain/config/entries.ts';
import { resolvedConfig } from '../../src/domain/config/resolved.ts';
import { setConfig, setConfigs } from '../../src/domain/config/set.ts';
import { StratumError } from '../../src/domain/errors.ts';
import { createPermission } from '../../src/domain/permissions/create.ts';
import { deletePermission } from '../../src/domain/permissions/delete.ts';
import { ownPolicies } from '../../src/domain/permissions/policies.ts';
import { resolvedPermissions } from '../../src/domain/permissions/resolved.ts';
import { updatePermission } from '../../src/domain/permissions/update.ts';
import { createTenant, createTenants } from '../../src/domain/tenants/create.ts';
import { readLineages } from '../../src/domain/tenants/lineage.ts';
import { moveTenant } from '../../src/domain/tenants/move.ts';
import { purgeTenant } from '../../src/domain/tenants/purge.ts';
import { reorderTenant } from '../../src/domain/tenants/reorder.ts';
import { archiveTenant, resumeTenant, suspendTenant } from '../../src/domain/tenants/transition.ts';
import { updateTenant } from '../../src/domain/tenants/update.ts';
import { type DomainWorld, unknownId } from './domain-world.ts';
import type { TreeModel } from './tree-model.ts';
import type { Operation } from './tree-operations.ts';

/** Everything there is, by label, in a form that can be compared: as the model has it, or as the database does. */
export type State = Record<string, unknown>;

const transitions = { suspend: suspendTenant, resume: resumeTenant, archive: archiveTenant, purge: purgeTenant };

/** Carries operations out on the real thing and tells what became of it in the words of the model. */
export class TreeDriver {
  readonly #world: DomainWorld;
  readonly #ids = new Map<number, string>();
  readonly #labels = new Map<string, number>();
  readonly #policyIds = new Map<number, string>();

  constructor(world: DomainWorld) {
    this.#world = world;
  }

  /** `ok`, or the refusal in one line, as the model puts it. */
  async run(operation: Operation): Promise<string> {
    try {
      await this.#carryOut(operation);
      return 'ok';
    } catch (error) {
      if (!(error instanceof StratumError)) {
        throw error;
      }
      const source = error.details?.['source_tenant_id'];
      return source === undefined ? error.code : `${error.code} by ${this.#labels.get(String(source))}`;
    }
  }

  /** The tree as it is stored. */
  async state(): Promise<State> {
    const tenants = await this.#world.database.prisma.tenant.findMany({ include: { config: true, permissions: true } });
    const [{ events } = { events: 0 }] = await this.#world.sql<{ events: number }>(
      'select count(*)::int as events from events',
    );
    const labels = new Map([...this.#policyIds].map(([label, id]) => [id, label]));
    const entries = tenants.map(({ id, parentId, slug, name, status, sortOrder, config, permissions }) => [
      this.#labels.get(id) ?? id,
      {
        parent: parentId === null ? null : this.#labels.get(parentId),
        slug,
        name,
        status,
        position: sortOrder,
        config: config.map(({ key, locked, ciphertext }) => [key, locked, ciphertext !== null]).sort(),
        policies: permissions.map(({ id, key, value, mode, revocationMode }) => {
          return [key, labels.get(id) ?? id, value, mode, revocationMode];
        }),
      },
    ]);
    return sortedState({ events, ...Object.fromEntries(entries) });
  }

  /** What applies to every tenant, as the domain resolves it. */
  async resolved(): Promise<State> {
    const call = this.#world.admin;
    const ids = (await this.#world.sql<{ id: string }>('select id from tenants')).map(({ id }) => id);
    const result: State = {};
    for (const [index, tenants] of (await readLineages(call, ids)).entries()) {
      const entries = await ownEntries(call, tenants!);
      const policies = await ownPolicies(call, tenants!);
      const config = resolvedConfig(call, { tenants: tenants!, entries }, { revealSensitive: true });
      result[this.#labels.get(ids[index]!)!] = {
        config: config.map(({ key, value, source, locked, sensitive }) => {
          return [key, value, this.#labels.get(source.id), locked, sensitive];
        }),
        policies: resolvedPermissions(call, { tenants: tenants!, policies }, {}).map(({ key, value, source, mode }) => {
          return [key, value, this.#labels.get(source.id), mode];
        }),
      };
    }
    return result;
  }

  #id(label: number): string {
    return this.#ids.get(label) ?? unknownId;
  }

  async #carryOut(operation: Operation): Promise<void> {
    const call = this.#world.admin;
    switch (operation.type) {
      case 'create':
        await this.#create(operation.items);
        return;
      case 'update': {
        const { tenant, slug, name } = operation;
        await updateTenant(call, { id: this.#id(tenant), input: { slug, name } });
        return;
      }
      case 'move': {
        const newParentId = operation.parent === null ? null : this.#id(operation.parent);
        await moveTenant(call, { id: this.#id(operation.tenant), newParentId });
        return;
      }
      case 'reorder':
        await reorderTenant(call, { id: this.#id(operation.tenant), position: operation.position });
        return;
      case 'set': {
        const [tenantId, { entries }] = [this.#id(operation.tenant), operation];
        await (entries.length === 1
          ? setConfig(call, { tenantId, input: entries[0]! })
          : setConfigs(call, { tenantId, entries }));
        return;
      }
      case 'unset':
        await deleteConfig(call, { tenantId: this.#id(operation.tenant), key: operation.key });
        return;
      case 'grant': {
        const { tenant, label, type: _type, ...input } = operation;
        this.#policyIds.set(label, (await createPermission(call, { tenantId: this.#id(tenant), input })).id);
        return;
      }
      case 'change':
        await updatePermission(call, { id: this.#policyIds.get(operation.policy) ?? unknownId, input: operation.to });
        return;
      case 'revoke':
        await deletePermission(call, { id: this.#policyIds.get(operation.policy) ?? unknownId });
        return;
      default:
        await transitions[operation.type](call, { id: this.#id(operation.tenant) });
    }
  }

  async #create(items: Extract<Operation, { type: 'create' }>['items']): Promise<void> {
    const inputs = items.map(({ slug, parent, within }) => ({
      name: slug,
      slug,
      ...(within !== null && { parentSlug: items[within]!.slug }),
      ...(within === null && parent !== null && { parentId: this.#id(parent) }),
    }));
    const call = this.#world.admin;
    const created = inputs.length === 1 ? [await createTenant(call, inputs[0]!)] : await createTenants(call, inputs);
    for (const [index, { id }] of created.entries()) {
      this.#ids.set(items[index]!.label, id);
      this.#labels.set(id, items[index]!.label);
    }
  }
}

/** The model's tree, as {@link TreeDriver.state} tells it. */
export function stateOf({ tenants, events }: TreeModel): State {
  const entries = [...tenants].map(([label, { config, policies, ...tenant }]) => [
    label,
    {
      ...tenant,
      config: [...config].map(([key, { locked, sensitive }]) => [key, locked, sensitive]).sort(),
      policies: [...policies].map(([key, { label, value, mode, revocationMode }]) => {
        return [key, label, value, mode, revocationMode];
      }),
    },
  ]);
  return sortedState({ events, ...Object.fromEntries(entries) });
}

/** What applies to every tenant by the words of the design, as {@link TreeDriver.resolved} tells it. */
export function resolvedOf(model: TreeModel): State {
  const result: State = {};
  for (const label of model.tenants.keys()) {
    const line = model.line(label).map((one) => [one, model.tenants.get(one)!] as const);
    const decide = <T>(
      read: (tenant: (typeof line)[number][1]) => ReadonlyMap<string, T>,
      locks: (one: T) => boolean,
    ) => {
      const keys = [...new Set(line.flatMap(([, tenant]) => [...read(tenant).keys()]))].sort();
      return keys.map((key) => {
        const set = line.flatMap(([one, tenant]) =>
          read(tenant).has(key) ? [[one, read(tenant).get(key)!] as const] : [],
        );
        const decided = set.find(([, one]) => locks(one)) ?? set.at(-1)!;
        return { key, set, decided, place: set.indexOf(decided) };
      });
    };
    const config = decide(
      (tenant) => tenant.config,
      ({ locked }) => locked,
    );
    const policies = decide(
      (tenant) => tenant.policies,
      ({ mode }) => mode === 'LOCKED',
    );
    result[label] = {
      config: config.map(({ key, set, place, decided: [source, { value, locked }] }) => {
        return [key, value, source, locked, set.slice(0, place + 1).some(([, one]) => one.sensitive)];
      }),
      policies: policies.map(({ key, decided: [source, { value, mode }] }) => [key, value, source, mode]),
    };
  }
  return result;
}

function sortedState(state: State): State {
  for (const tenant of Object.values(state)) {
    if (typeof tenant === 'object' && tenant !== null && 'policies' in tenant) {
      (tenant.policies as unknown[][]).sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
    }
  }
  return state;
}
