"""Content templates: their texts and variables, and when WhatsApp accepts them."""
