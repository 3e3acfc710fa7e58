"""Exactly-once writes: the answer to a request with an ``Idempotency-Key`` is kept and given again.

The key's row is inserted first, in the transaction of the write itself. Two equal requests at once
meet at that row: the second waits until the first commits, then finds its answer; had the first
been rolled back, the second writes. So a refusal is never kept, and no acknowledged write is done
twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import IdempotencyKey
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import KeyReused


@dataclass(frozen=True)
class Answer:
    """What a write was answered with; ``replayed`` when the write had been done before."""

    status: int
    body: str | None
    headers: dict[str, str] = field(default_factory=dict)
    replayed: bool = False


def once(
    session: Session, actor: Actor, key: str | None, digest: str, act: Callable[[], Answer]
) -> Answer:
    """Do the write unless this key has been answered already; then give that answer again.

    Args:
        session: The open transaction, which is also the write's.
        actor: Whose key it is; two people may use the same key.
        key: The ``Idempotency-Key`` as sent; without one, the write is simply done.
        digest: Digest of everything that makes the request what it is.
        act: The write.

    Raises:
        KeyReused: The key came before with another request.
    """
    if key is None:
        return act()
    if not _claim(session, actor, key, digest):
        return _kept(session, actor, key, digest)
    answer = act()
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.account_id == actor.account_id, IdempotencyKey.key == key)
        .values(status=answer.status, body=answer.body, headers=answer.headers)
    )
    return answer


def _claim(session: Session, actor: Actor, key: str, digest: str) -> bool:
    row = {"account_id": actor.account_id, "key": key, "request_digest": digest, "headers": {}}
    inserted = insert(IdempotencyKey).values(row).on_conflict_do_nothing()
    claimed = session.execute(inserted.returning(IdempotencyKey.key)).scalar_one_or_none()
    return claimed is not None


def _kept(session: Session, actor: Actor, key: str, digest: str) -> Answer:
    kept = session.scalars(
        select(IdempotencyKey).where(
            IdempotencyKey.account_id == actor.account_id, IdempotencyKey.key == key
        )
    ).one()
    if kept.request_digest != digest or kept.status is None:
        raise KeyReused
    return Answer(kept.status, kept.body, dict(kept.headers), replayed=True)
