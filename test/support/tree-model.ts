// One file, though it is long: the rules stand here together, to be read as one, apart from the product that is held against them.
import type { PermissionMode, RevocationMode, TenantStatus } from '../../src/db/generated/prisma/client.ts';
import type { NewEntry, NewTenant, Operation } from './tree-operations.ts';

export interface Entry {
  readonly value: number;
  readonly locked: boolean;
  readonly sensitive: boolean;
}

export interface Policy {
  readonly label: number;
  readonly value: number;
  readonly mode: PermissionMode;
  readonly revocationMode: RevocationMode;
}

export interface ModelTenant {
  readonly parent: number | null;
  readonly slug: string;
  readonly name: string;
  readonly status: TenantStatus;
  readonly position: number;
  readonly config: ReadonlyMap<string, Entry>;
  readonly policies: ReadonlyMap<string, Policy>;
}

/** A refusal, in one line: the code, and whom a lock names. */
export class Refusal extends Error {}

function refuse(code: string): never {
  throw new Refusal(code);
}

/**
 * The rules of the tree, config and permissions, written down a second time from the design: plain, slow, in memory and without
 * one thought about concurrency. Tenants and policies have labels here; their ids are the database's business.
 */
export class TreeModel {
  readonly tenants: Map<number, ModelTenant>;
  /** How many events there must be. */
  events: number;
  readonly #maxDepth: number;

  constructor(maxDepth: number, tenants: ReadonlyMap<number, ModelTenant> = new Map(), events = 0) {
    this.#maxDepth = maxDepth;
    this.tenants = new Map(tenants);
    this.events = events;
  }

  /** What the operation comes to: the outcome, and the world after it. This model stays as it is. */
  after(operation: Operation): { outcome: string; model: TreeModel } {
    const model = new TreeModel(this.#maxDepth, this.tenants, this.events);
    try {
      model.#apply(operation);
      return { outcome: 'ok', model };
    } catch (error) {
      if (error instanceof Refusal) {
        return { outcome: error.message, model: this };
      }
      throw error;
    }
  }

  /** The ancestors of a tenant and itself, root first. */
  line(label: number): number[] {
    const { parent } = this.#tenant(label);
    return parent === null ? [label] : [...this.line(parent), label];
  }

  children(parent: number | null): number[] {
    const labels = [...this.tenants].filter(([, tenant]) => tenant.parent === parent).map(([label]) => label);
    return labels.sort((a, b) => this.#tenant(a).position - this.#tenant(b).position);
  }

  #apply(operation: Operation): void {
    switch (operation.type) {
      case 'create':
        this.#create(operation.items);
        break;
      case 'update':
        this.#update(operation.tenant, operation.slug, operation.name);
        break;
      case 'move':
        this.#move(operation.tenant, operation.parent);
        break;
      case 'reorder':
        this.#reorder(operation.tenant, operation.position);
        break;
      case 'purge':
        this.#purge(operation.tenant);
        break;
      case 'suspend':
      case 'resume':
      case 'archive':
        this.#transition(operation.tenant, operation.type);
        break;
      case 'set':
        this.#set(operation.tenant, operation.entries);
        break;
      case 'unset':
        this.#unset(operation.tenant, operation.key);
        break;
      case 'grant':
        this.#grant(operation.tenant, operation.key, operation);
        break;
      case 'change':
        this.#change(operation.policy, operation.to);
        break;
      case 'revoke':
        this.#revoke(operation.policy);
        break;
    }
  }

  #tenant(label: number): ModelTenant {
    return this.tenants.get(label) ?? refuse('TENANT_NOT_FOUND');
  }

  #put(label: number, change: Partial<ModelTenant>): void {
    this.tenants.set(label, { ...this.#tenant(label), ...change });
  }

  #active(label: number): ModelTenant {
    const tenant = this.#tenant(label);
    if (tenant.status !== 'active') {
      refuse(tenant.status === 'archived' ? 'TENANT_ARCHIVED' : 'TENANT_SUSPENDED');
    }
    return tenant;
  }

  #subtree(label: number): number[] {
    return [label, ...this.children(label).flatMap((child) => this.#subtree(child))];
  }

  #isTaken(slug: string): boolean {
    return [...this.tenants.values()].some((tenant) => tenant.slug === slug);
  }

  #behind(parent: number | null): number {
    return 1 + Math.max(-1, ...this.children(parent).map((label) => this.#tenant(label).position));
  }

  #create(items: readonly NewTenant[]): void {
    if (new Set(items.map(({ slug }) => slug)).size < items.length) {
      refuse('TENANT_ALREADY_EXISTS');
    }
    const taken = items.some(({ slug }) => this.#isTaken(slug));
    for (const { label, slug, parent: outside, within } of items) {
      const parent = within === null ? outside : items[within]!.label;
      if (parent !== null) {
        this.#active(parent);
        if (this.line(parent).length > this.#maxDepth) {
          refuse('TENANT_DEPTH_EXCEEDED');
        }
      }
      const position = this.#behind(parent);
      this.tenants.set(label, {
        parent,
        slug,
        name: slug,
        status: 'active',
        position,
        config: new Map(),
        policies: new Map(),
      });
      this.events += 1;
    }
    if (taken) {
      refuse('TENANT_ALREADY_EXISTS');
    }
  }

  #update(label: number, slug: string | undefined, name: string): void {
    const tenant = this.#active(label);
    const renamed = slug !== undefined && slug !== tenant.slug;
    if (renamed && this.#isTaken(slug)) {
      refuse('TENANT_ALREADY_EXISTS');
    }
    if (renamed || name !== tenant.name) {
      this.#put(label, { name, slug: slug ?? tenant.slug });
      this.events += 1;
    }
  }

  #move(label: number, parent: number | null): void {
    const tenant = this.#tenant(label);
    const root = this.line(label)[0];
    if (parent !== null) {
      this.#tenant(parent);
    }
    if (tenant.parent === parent) {
      return;
    }
    if (parent !== null) {
      if (this.line(parent).includes(label)) {
        refuse('TENANT_CYCLE_DETECTED');
      }
      this.#active(parent);
      const height = Math.max(...this.#subtree(label).map((one) => this.line(one).length)) - this.line(label).length;
      if (this.line(parent).length + height > this.#maxDepth) {
        refuse('TENANT_DEPTH_EXCEEDED');
      }
    }
    this.#put(label, { parent, position: this.#behind(parent) });
    this.events += this.line(label)[0] === root ? 1 : 2;
  }

  #reorder(label: number, position: number): void {
    const others = this.children(this.#tenant(label).parent).filter((one) => one !== label);
    const active = others.filter((one) => this.#tenant(one).status === 'active');
    const inactive = others.filter((one) => this.#tenant(one).status !== 'active');
    active.splice(position, 0, label);
    for (const [place, one] of [...active, ...inactive].entries()) {
      this.#put(one, { position: place });
    }
    this.events += 1;
  }

  #purge(label: number): void {
    this.#tenant(label);
    if (this.children(label).length > 0) {
      refuse('TENANT_HAS_CHILDREN');
    }
    this.tenants.delete(label);
    this.events += 1;
  }

  #transition(label: number, verb: 'suspend' | 'resume' | 'archive'): void {
    const { status, parent } = this.#tenant(label);
    const from = { suspend: ['active'], resume: ['suspended', 'archived'], archive: ['active', 'suspended'] }[verb];
    if (!from.includes(status)) {
      refuse('TENANT_INVALID_STATE');
    }
    if (verb === 'resume' && parent !== null) {
      this.#active(parent);
    }
    if (verb !== 'resume' && this.children(label).some((child) => this.#tenant(child).status === 'active')) {
      refuse('TENANT_HAS_CHILDREN');
    }
    this.#put(label, { status: ({ suspend: 'suspended', resume: 'active', archive: 'archived' } as const)[verb] });
    this.events += 1;
  }

  /** What is set for a key along a line, root first. */
  #settings(labels: readonly number[], key: string): [number, Entry][] {
    return labels.flatMap((label) => {
      const entry = this.#tenant(label).config.get(key);
      return entry === undefined ? [] : [[label, entry] as [number, Entry]];
    });
  }

  #set(label: number, entries: readonly NewEntry[]): void {
    const { config } = this.#active(label);
    const above = this.line(label).slice(0, -1);
    for (const { key } of entries) {
      const lock = this.#settings(above, key).find(([, { locked }]) => locked);
      if (lock !== undefined) {
        refuse(`CONFIG_LOCKED by ${lock[0]}`);
      }
    }
    const changed = new Map(config);
    for (const { key, value, locked, sensitive } of new Map(entries.map((entry) => [entry.key, entry])).values()) {
      const own = config.get(key);
      const secret = this.#settings(above, key).some(([, one]) => one.sensitive);
      const entry = { value, locked, sensitive: secret || (sensitive ?? own?.sensitive ?? false) };
      if (JSON.stringify(entry) !== JSON.stringify(own)) {
        changed.set(key, entry);
        this.events += 1;
      }
    }
    this.#put(label, { config: changed });
  }

  #unset(label: number, key: string): void {
    const config = new Map(this.#tenant(label).config);
    if (!config.delete(key)) {
      refuse('CONFIG_NOT_FOUND');
    }
    this.#put(label, { config });
    this.events += 1;
  }

  #putPolicy(label: number, key: string, policy: Policy | null): void {
    const policies = new Map(this.#tenant(label).policies);
    policies.delete(key);
    this.#put(label, { policies: policy === null ? policies : policies.set(key, policy) });
    this.events += 1;
  }

  #assertDelegated(label: number, key: string, mode: PermissionMode): void {
    const above = this.line(label)
      .slice(0, -1)
      .map((one) => [one, this.#tenant(one).policies.get(key)?.mode] as const)
      .filter(([, one]) => one !== undefined);
    const [source, governing] = above.find(([, one]) => one === 'LOCKED') ?? above.at(-1) ?? [];
    if (governing === 'LOCKED' || (governing === 'INHERITED' && mode !== 'INHERITED')) {
      refuse(`PERMISSION_LOCKED by ${source}`);
    }
  }

  #grant(tenant: number, key: string, { label, value, mode, revocationMode }: Policy): void {
    const { policies } = this.#active(tenant);
    this.#assertDelegated(tenant, key, mode);
    if (policies.has(key)) {
      refuse('PERMISSION_ALREADY_EXISTS');
    }
    this.#putPolicy(tenant, key, { label, value, mode, revocationMode });
  }

  #findPolicy(label: number): [number, string, Policy] {
    for (const [tenant, { policies }] of this.tenants) {
      for (const [key, policy] of policies) {
        if (policy.label === label) {
          return [tenant, key, policy];
        }
      }
    }
    return refuse('PERMISSION_NOT_FOUND');
  }

  #change(label: number, to: Partial<Omit<Policy, 'label'>>): void {
    const [tenant, key, policy] = this.#findPolicy(label);
    this.#active(tenant);
    const changed = { ...policy, ...to };
    this.#assertDelegated(tenant, key, changed.mode);
    if (policy.revocationMode === 'PERMANENT' && changed.revocationMode !== 'PERMANENT') {
      refuse('PERMISSION_REVOCATION_DENIED');
    }
    if (JSON.stringify(changed) !== JSON.stringify(policy)) {
      this.#putPolicy(tenant, key, changed);
    }
  }

  #revoke(label: number): void {
    const [tenant, key, { revocationMode }] = this.#findPolicy(label);
    if (revocationMode === 'PERMANENT') {
      refuse('PERMISSION_REVOCATION_DENIED');
    }
    for (const one of revocationMode === 'SOFT' ? [tenant] : this.#subtree(tenant)) {
      const policy = this.#tenant(one).policies.get(key);
      if (policy !== undefined && policy.revocationMode !== 'PERMANENT') {
        this.#putPolicy(one, key, null);
      }
    }
  }
}
