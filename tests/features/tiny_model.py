"""A sentence model of two small layers and drawn weights: engines are compared on it quickly."""

from __future__ import annotations

import json
import string
from pathlib import Path

DIMENSION = 32


def write_tiny_model(folder: Path, *, pooling: str = "mean") -> Path:
    """Write the files of a sentence model that knows letters, digits and a few words."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel

    signs = [*string.ascii_lowercase, *string.digits, *"-,()&'"]
    words = ["love", "night", "house", "deep", "bpm", "key", "remix", "ly", "ing", "er"]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = [*special, *signs, *words, *(f"##{piece}" for piece in [*signs[:36], *words])]
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    BertWordPieceTokenizer(str(folder / "vocab.txt")).save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=DIMENSION,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    config.initializer_range = 0.2
    BertModel(config).save_pretrained(folder)
    kinds = ("Transformer", "Pooling", "Normalize")
    paths = ("", "1_Pooling", "2_Normalize")
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (kind, path) in enumerate(zip(kinds, paths, strict=True))
    ]
    _write(folder / "modules.json", modules)
    _write(folder / "sentence_bert_config.json", {"max_seq_length": 48, "do_lower_case": False})
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer"})
    pooled = {f"pooling_mode_{kind}_tokens": kind == pooling for kind in ("mean", "max")}
    _write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": DIMENSION, **pooled})
    return folder


def _write(file: Path, value: object) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(value))
