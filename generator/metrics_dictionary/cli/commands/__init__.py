"""The commands for definitions: one module a command, thin."""
