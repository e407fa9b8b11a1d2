/** A new tenant; a root unless it names a parent. */
export interface CreateTenantInput {
  readonly name: string;
  readonly slug: string;
  readonly parent_id?: string | null;
  /** A JSON object of your own. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly region_id?: string | null;
}

export interface UpdateTenantInput {
  readonly name?: string;
  readonly slug?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface UpdateWebhookInput {
  readonly url?: string;
  readonly events?: readonly string[];
  /** Whether to tell of what is beneath the tenant, too. */
  readonly subtree?: boolean;
  /** Whether one delivery waits for the one before. */
  readonly ordered?: boolean;
  readonly active?: boolean;
  readonly description?: string | null;
  readonly secret?: string;
}

export interface CreateWebhookInput extends Omit<UpdateWebhookInput, 'active'> {
  readonly url: string;
  readonly events: readonly string[];
  /** Null for a webhook of the whole installation. */
  readonly tenant_id?: string | null;
}

/** The only field whose name differs from that of GraphQL by more than its spelling. */
const exceptions: Readonly<Record<string, string>> = { config: 'document' };

/** Fields under their names in GraphQL: `parent_id` is `parentId`. What is in them stays as it is. */
export function toVariables(input: object): never {
  const entries = Object.entries(input).map(([name, value]) => [
    exceptions[name] ?? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(entries) as never; // the server checks it against the type that it has
}
