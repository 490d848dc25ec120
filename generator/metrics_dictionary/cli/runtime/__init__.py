"""The commands for the runtime: one module a command, thin."""
