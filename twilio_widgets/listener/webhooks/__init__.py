"""Configure Twilio's webhook URLs, and restore the previous settings."""
