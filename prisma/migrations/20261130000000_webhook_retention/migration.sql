-- Deliveries that are over are removed after a while, the oldest first.
create index webhook_delivery_ended on webhook_deliveries (completed_at) where status <> 'pending';
