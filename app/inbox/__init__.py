"""The inbox: the one door in. It takes what connectors bring, decides where it belongs, and keeps the ledger."""
