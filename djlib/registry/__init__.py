"""Model versions on disk: saved once, checked on every load, one of them current.

For a learner called `bucket` a folder holds::

    versions/bucket/20261121T034500Z-1a2b3c4d/   one version, never changed again
        model/            the parts the model wrote, read back by djlib
        attachments/      what the caller wants to keep beside it
        bucket_model.pkl  the same model for other programs; djlib never opens it
        metadata.json     when, from what, with which settings, libraries and figures
        card.md           the same for people
        manifest.json     size and SHA-256 of every file above
    bucket_registry.json  the ledger: all versions, which is current, every promotion
    bucket_model.pkl      a copy of the current version's pickle, or one written anew from the
                          parts where that names classes that have moved since

The ledger is the truth: it holds the SHA-256 of each manifest, and its last word says what is
current. Every change ends with one atomic write of it.
"""

from __future__ import annotations

from .ledger import Model, Promotion, Version
from .registry import Registry

__all__ = ["Model", "Promotion", "Registry", "Version"]
