"""What may be sent: rules that every request meets before it leaves."""
