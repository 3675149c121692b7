"""The sandbox's state: accounts, numbers, messages and a clock."""
