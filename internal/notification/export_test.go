package notification

import "context"

// DeliverNow does the job that Tell enqueues.
func (n *Notifications) DeliverNow(ctx context.Context, id int64) error { return n.deliver(ctx, id) }
