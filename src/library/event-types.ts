/** Where events are sent to. */
export interface Webhook {
  id: string;
  tenant_id: string | null;
  url: string;
  events: string[];
  /** Whether it is told of what happens below its tenant too. */
  subtree: boolean;
  /** Whether deliveries are sent one after the other. */
  ordered: boolean;
  active: boolean;
  /** Why it was switched off; null while it is on, and when somebody did it. */
  disabled_reason: string | null;
  failing_since: string | null;
  description: string | null;
  created_at: string;
  updated_at: string;
}

/** A webhook, and the secret that was made for it, if one was: it is shown this once. */
export interface WebhookWithSecret extends Webhook {
  secret?: string;
}

/** An event on its way to a webhook. */
export interface WebhookDelivery {
  id: string;
  webhook_id: string;
  /** Null for a test. */
  event_id: string | null;
  status: 'pending' | 'success' | 'failed';
  attempts: number;
  next_retry_at: string | null;
  last_error: string | null;
  response_code: number | null;
  created_at: string;
  completed_at: string | null;
}

/** A delivery that is not tried any more. */
export interface FailedDelivery extends WebhookDelivery {
  event_type: string | null;
  event_tenant_id: string | null;
  webhook_url: string;
}

/** How many deliveries there are, and what became of them. */
export interface DeliveryStats {
  total: number;
  pending: number;
  success: number;
  failed: number;
}

/** An event of the ledger, as the audit log shows it. */
export interface AuditEntry {
  id: string;
  actor_id: string;
  actor_type: string;
  /** What happened, such as `config.updated`. */
  action: string;
  resource_type: string;
  resource_id: string | null;
  tenant_id: string | null;
  source_ip: string | null;
  request_id: string | null;
  /** The thing before and after, without secrets. */
  before_state: unknown;
  after_state: unknown;
  created_at: string;
  /** Its number in the ledger of its tree, without gaps. */
  revision: number;
}
