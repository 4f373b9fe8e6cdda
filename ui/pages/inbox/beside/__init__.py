"""What stands beside a conversation: the ticket's own fields, its work, and the customer's history."""
