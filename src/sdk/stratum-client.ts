import {
  ApiError,
  ArchiveTenantDocument,
  CreateTenantDocument,
  CreateWebhookDocument,
  DeleteWebhookDocument,
  type Document,
  GetTenantDocument,
  GetWebhookDocument,
  ListApiKeysDocument,
  ListDescendantsDocument,
  ListDormantApiKeysDocument,
  ListTenantsDocument,
  ListWebhooksDocument,
  MoveTenantDocument,
  type RestApiKeyFragment,
  type RestTenantFragment,
  type RestWebhookFragment,
  RotateApiKeyDocument,
  UpdateTenantDocument,
  UpdateWebhookDocument,
} from '../client/index.ts';
import { allItems } from '../client/pages.ts';
import type { Calls } from './calls.ts';
import {
  type CreateTenantInput,
  type CreateWebhookInput,
  toVariables,
  type UpdateTenantInput,
  type UpdateWebhookInput,
} from './inputs.ts';
import type { CacheStatus, LiveCopy } from './live-copy.ts';
import type { TenantContext } from './tenant-context.ts';

export type TenantNode = RestTenantFragment;
export type Webhook = RestWebhookFragment;
export type ApiKey = RestApiKeyFragment;

/** What is asked of the live copy, which may be off. */
export type Contexts = Pick<LiveCopy, 'read' | 'changed' | 'clear' | 'status'>;

/**
 * The control plane, for programs: arguments and answers have the names and shapes of REST.
 * Every method throws {@link ApiError} with the `code` of what was refused, `UnreachableError` when nothing answers, `TimeoutError` when it takes too long.
 */
export class StratumClient {
  readonly #calls: Calls;
  readonly #contexts: Contexts;

  constructor(calls: Calls, contexts: Contexts) {
    this.#calls = calls;
    this.#contexts = contexts;
  }

  /** What applies to a tenant, from the live copy where that has it. @throws {ApiError} `TENANT_NOT_FOUND`, `TENANT_SUSPENDED`, `TENANT_ARCHIVED`. */
  resolveTenant(id: string): Promise<TenantContext> {
    return this.#contexts.read(id.toLowerCase());
  }

  /** Forgets what is known of a tenant and all beneath it. */
  invalidateCache(id: string): void {
    this.#contexts.changed({ tenantId: id.toLowerCase(), place: null });
  }

  /** Forgets everything. */
  clearCache(): void {
    this.#contexts.clear();
  }

  /** How the live copy is getting on: for a health check, say. */
  get cacheStatus(): CacheStatus {
    return this.#contexts.status;
  }

  /** All active tenants beneath one, each before its children; without one, all there are, oldest first. */
  async getTenantTree(rootId?: string): Promise<TenantNode[]> {
    return rootId === undefined
      ? allItems(async (cursor, limit) => {
          const { tenants } = await this.#calls.query(ListTenantsDocument, { limit, cursor });
          return {
            nodes: tenants.data,
            pageInfo: { hasNextPage: tenants.page.has_more, endCursor: tenants.page.next_cursor },
          };
        })
      : allItems(async (cursor, limit) => {
          const { tenant } = await this.#calls.query(ListDescendantsDocument, { id: rootId, limit, cursor });
          return tenant?.descendants;
        });
  }

  async getTenant(id: string): Promise<TenantNode> {
    return nodeOf((await this.#calls.query(GetTenantDocument, { id })).tenant);
  }

  async createTenant(input: CreateTenantInput): Promise<TenantNode> {
    return nodeOf((await this.#calls.mutate(CreateTenantDocument, { input: toVariables(input) })).createTenant);
  }

  async updateTenant(id: string, input: UpdateTenantInput): Promise<TenantNode> {
    const { updateTenant } = await this.#change(id, UpdateTenantDocument, { id, input: toVariables(input) });
    return nodeOf(updateTenant);
  }

  /** Moves a tenant with all beneath it; null makes it a root. */
  async moveTenant(id: string, { new_parent_id }: { new_parent_id: string | null }): Promise<TenantNode> {
    return nodeOf((await this.#change(id, MoveTenantDocument, { id, newParentId: new_parent_id })).moveTenant);
  }

  async archiveTenant(id: string): Promise<TenantNode> {
    return nodeOf((await this.#change(id, ArchiveTenantDocument, { id })).archiveTenant);
  }

  /** The same as `archiveTenant`. */
  async deleteTenant(id: string): Promise<void> {
    await this.archiveTenant(id);
  }

  /** The secret is shown this once, unless you gave it yourself. */
  async createWebhook(input: CreateWebhookInput): Promise<Webhook & { secret: string | null }> {
    const made = present((await this.#calls.mutate(CreateWebhookDocument, { input: toVariables(input) })).made);
    return { ...present(made.webhook), secret: made.secret };
  }

  async listWebhooks(tenantId?: string): Promise<Webhook[]> {
    return allItems(async (cursor, limit) => {
      const { webhooks } = await this.#calls.query(ListWebhooksDocument, { limit, cursor, tenantId: tenantId ?? null });
      return webhooks;
    });
  }

  async getWebhook(id: string): Promise<Webhook> {
    return present((await this.#calls.query(GetWebhookDocument, { id })).webhook);
  }

  async updateWebhook(id: string, input: UpdateWebhookInput): Promise<Webhook> {
    const { updateWebhook } = await this.#calls.mutate(UpdateWebhookDocument, { id, input: toVariables(input) });
    return present(updateWebhook);
  }

  async deleteWebhook(id: string): Promise<void> {
    await this.#calls.mutate(DeleteWebhookDocument, { id });
  }

  /** Issues a key in place of another; it is shown this once. */
  async rotateApiKey(id: string, name?: string): Promise<ApiKey & { plaintext_key: string }> {
    const { issued } = await this.#calls.mutate(RotateApiKeyDocument, { id, name: name ?? null });
    const { apiKey, plaintext_key } = present(issued);
    return { ...present(apiKey), plaintext_key };
  }

  async listApiKeys(tenantId?: string): Promise<ApiKey[]> {
    return allItems(async (cursor, limit) => {
      const { apiKeys } = await this.#calls.query(ListApiKeysDocument, { limit, cursor, tenantId: tenantId ?? null });
      return apiKeys;
    });
  }

  /** Keys that were not used for so many days; 90 unless told. */
  async listDormantKeys(days = 90): Promise<ApiKey[]> {
    return allItems(async (cursor, limit) => {
      const { dormantApiKeys } = await this.#calls.query(ListDormantApiKeysDocument, { limit, cursor, days });
      return dormantApiKeys;
    });
  }

  /** What this program has changed itself it sees at once, before it is told. */
  async #change<Data, Variables>(id: string, document: Document<Data, Variables>, variables: Variables): Promise<Data> {
    try {
      return await this.#calls.mutate(document, variables);
    } finally {
      this.invalidateCache(id); // after a failure, too: the change may have been made
    }
  }
}

/** A tenant without what is only there to make ETags of. */
function nodeOf(tenant: (RestTenantFragment & { tagRoot?: unknown; tagRevision?: unknown }) | null): TenantNode {
  const { tagRoot: _, tagRevision: __, ...node } = present(tenant);
  return node;
}

/** What the schema calls nullable is null beside an error alone, and that was thrown. */
function present<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) {
    throw new ApiError('INTERNAL_SERVER_ERROR', 'The answer is empty');
  }
  return value;
}
