/** Who does something, as its event in the ledger names them. */
export interface Actor {
  readonly actor_id: string;
  readonly actor_type: 'api_key' | 'jwt' | 'system';
  /** The address their request came from. */
  readonly source_ip?: string | null;
  /** The request, as logs name it. */
  readonly request_id?: string | null;
}
