"""The durable journal of a job: rows, states, the lock, reconciliation and `once=`."""
