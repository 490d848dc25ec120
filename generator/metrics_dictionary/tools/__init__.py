"""What several rooms need, once: each module one named thing, and none of them knows a room."""
