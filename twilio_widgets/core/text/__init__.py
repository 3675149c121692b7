"""Message text: segments, encodings and smart encoding."""
