"""Many messages: checked before, never twice, settled after."""
