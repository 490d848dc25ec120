"""The peer of ``track_event``: a FastAPI handler that parses the same body and stores nothing.

Run by uvicorn: ``uvicorn tests.benchmarks.fastapi_peer:app``.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Event(BaseModel):
    """The body of ``track_event``."""

    event: str
    send_to_snowplow: bool = False
    namespace_id: int | None = None
    project_id: int | None = None
    additional_properties: dict[str, Any] = {}


@app.post("/track_event")
async def track_event(event: Event) -> dict[str, str]:
    """Parse the event and forget it."""
    return {"message": f"200 OK {event.event}"}
