"""The parts that every panel is built from."""
