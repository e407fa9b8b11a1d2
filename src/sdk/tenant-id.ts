const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether something can be the id of a tenant. */
export function isTenantId(value: unknown): value is string {
  return typeof value === 'string' && uuid.test(value);
}
