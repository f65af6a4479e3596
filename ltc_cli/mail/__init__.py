"""Mail: the outbox, how a message is made, and how it leaves."""
