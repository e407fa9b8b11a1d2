/** What a key may do; each covers the ones before it. */
export type Scope = 'read' | 'write' | 'admin';

/** An API key, without the key itself. */
export interface ApiKey {
  id: string;
  /** Null for a key of the whole installation. */
  tenant_id: string | null;
  name: string | null;
  /** How the key begins. */
  key_prefix: string;
  /** What it may do while it has no role. */
  scopes: Scope[];
  role_id: string | null;
  rate_limit_max: number | null;
  rate_limit_window: string | null;
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
  expires_at: string | null;
}

/** A new key. `plaintext_key` is shown this once. */
export interface IssuedApiKey extends Omit<ApiKey, 'last_used_at' | 'revoked_at'> {
  plaintext_key: string;
}

/** Who a key belongs to, and what it may do. */
export interface KeyHolder {
  tenant_id: string | null;
  key_id: string;
  scopes: Scope[];
  rate_limit_max: number | null;
  rate_limit_window: string | null;
}

/** Scopes under a name, for keys to have. */
export interface Role {
  id: string;
  name: string;
  description: string | null;
  scopes: Scope[];
  /** Null for a role of the whole installation. */
  tenant_id: string | null;
  created_at: string;
  updated_at: string;
}
