"""What may have happened between Twilio's signature and our eyes, one part of a request a file."""
