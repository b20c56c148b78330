"""The sentence model in 8 bits: its ONNX graph, run by ONNX Runtime; nearly the same vectors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import UsageError
from ...synthetic.tables import synthetic_library
from .model import load_or_build
from .sentences import sentences

if TYPE_CHECKING:
    import onnx
    import onnxruntime


_FUSED = "com.microsoft"
_FLOAT, _INT64 = 1, 7
"""Numbers ONNX gives these types."""
_KEPT_WHOLE = ("0.shrink",)
"""Layers in 32 bits: the outliers behind the first GELU cost more than all other rounding."""
_LARGEST = 63
"""Seven bits of eight: processors without VNNI add two products in 16 bits and would overflow."""

Scales = Mapping[str, np.ndarray]


def sentence_graph(folder: Path, inputs: Scales | None) -> onnx.ModelProto:
    """Give the graph: token ids (b, s) and the length of each row (b,) to vectors (b, d).

    `inputs` holds the largest absolute value each channel of a linear layer's input was seen
    with, by layer: the graph is quantised. Where it is None the graph computes in 32 bits and
    also gives those inputs as outputs of the layer's name. Raises `UsageError` for weights that
    are not those of a BERT with mean pooling.
    """
    from safetensors.numpy import load_file

    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    pooling = json.loads((folder / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
    if settings.get("model_type") != "bert" or not pooling.get("pooling_mode_mean_tokens"):
        raise UsageError(
            f"engine 'onnx' runs BERT models with mean pooling, and {folder} is none: use 'torch'"
        )
    weights = load_file(folder / "model.safetensors")
    return _Graph(weights, settings, inputs).model()


class _Graph:
    """Nodes and constants of the graph while it is written."""

    def __init__(
        self, weights: Mapping[str, np.ndarray], settings: Mapping[str, Any], inputs: Scales | None
    ) -> None:
        self._weights = weights
        self._settings = settings
        self._inputs = inputs
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._seen: list[str] = []

    def model(self) -> onnx.ModelProto:
        """Write all nodes and wrap them."""
        x = self._embedded()
        for layer in range(self._settings["num_hidden_layers"]):
            x = self._shrunk(layer, self._attended(layer, x))
        self._pooled(x)
        return self._wrapped()

    def _embedded(self) -> str:
        positions = self._weights["embeddings.position_embeddings.weight"]
        words = self._constant(self._weights["embeddings.word_embeddings.weight"])
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        length = self._add("Shape", "ids", start=1, end=2)
        start = self._constant(np.zeros(1, np.int64))
        place = self._add("Slice", self._constant(positions + kind), start, length, start)
        x = self._add("Add", self._add("Gather", words, "ids"), place)
        scale, shift = self._norm("embeddings.LayerNorm")
        return self._add("LayerNormalization", x, scale, shift, epsilon=self._epsilon)

    def _attended(self, layer: int, x: str) -> str:
        """Self-attention, what went in added, norm."""
        name = f"encoder.layer.{layer}.attention"
        parts = [self._linear(f"{name}.self.{part}") for part in ("query", "key", "value")]
        weight, bias = (np.concatenate(kind, axis=-1) for kind in zip(*parts, strict=True))
        out, out_bias = self._linear(f"{name}.output.dense")
        even = self._evening(f"{layer}.out", out)
        values = slice(2 * len(out), None)  # what follows evens out at no cost: it is linear
        weight[:, values] /= even
        bias[values] /= even
        x_in, weight = self._evened(f"{layer}.attention", x, weight)
        attended = self._attention(x_in, weight, bias)
        self._watch(f"{layer}.out", attended)
        y = self._product(f"{layer}.out", attended, out * even[:, None], out_bias)
        return self._skipped(f"{name}.output.LayerNorm", y, x)

    def _shrunk(self, layer: int, x: str) -> str:
        """The two layers behind attention: wider, GELU, narrower, what went in added, norm."""
        name = f"encoder.layer.{layer}"
        weight, bias = self._linear(f"{name}.intermediate.dense")
        x_in, weight = self._evened(f"{layer}.widen", x, weight)
        wide = self._product(f"{layer}.widen", x_in, weight, bias)
        wide = self._add("FastGelu", wide, domain=_FUSED)
        y = self._product(f"{layer}.shrink", wide, *self._linear(f"{name}.output.dense"))
        return self._skipped(f"{name}.output.LayerNorm", y, x)

    def _pooled(self, x: str) -> None:
        """The direction of the sum over the pieces of a text, which is that of their mean."""
        zero, one = (self._constant(np.array(n)) for n in (0, 1))
        first, last = (self._constant(np.array([n])) for n in (0, 1))
        length = self._add("Squeeze", self._add("Shape", "ids", start=1, end=2), first)
        places = self._add("Unsqueeze", self._add("Range", zero, length, one), first)
        ends = self._add("Unsqueeze", self._add("Cast", "lengths", to=_INT64), last)
        inside = self._add("Cast", self._add("Less", places, ends), to=_FLOAT)  # (texts, pieces)
        summed = self._add("MatMul", self._add("Unsqueeze", inside, last), x)
        self._add("LpNormalization", self._add("Squeeze", summed, last), p=2, named="vectors")

    def _attention(self, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
        heads = {"num_heads": self._settings["num_attention_heads"], "domain": _FUSED}
        given = self._constant(bias)
        if self._inputs is None:
            return self._add("Attention", x, self._constant(weight), given, "lengths", **heads)
        whole, scale, zero = self._quantised(weight)
        x, x_scale, x_zero = self._add_all("DynamicQuantizeLinear", [x], 3)
        inputs = [x, whole, given, x_scale, scale, "lengths", x_zero, zero]
        return self._add("QAttention", *inputs, **heads)

    def _product(self, layer: str, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
        if self._inputs is None or layer in _KEPT_WHOLE:
            product = self._add("MatMul", x, self._constant(weight))
            return self._add("Add", product, self._constant(bias))
        inputs = [x, *self._quantised(weight), self._constant(bias)]
        return self._add("DynamicQuantizeMatMul", *inputs, domain=_FUSED)

    def _evened(self, layer: str, x: str, weight: np.ndarray) -> tuple[str, np.ndarray]:
        self._watch(layer, x)
        if self._inputs is None:
            return x, weight
        even = self._evening(layer, weight)
        return self._add("Mul", x, self._constant(1 / even)), weight * even[:, None]

    def _evening(self, layer: str, weight: np.ndarray) -> np.ndarray:
        """What to divide each channel by: the larger part of its spread, shared with the weight."""
        if self._inputs is None:
            return np.ones(len(weight), dtype=np.float32)
        spread = np.maximum(self._inputs[layer], 1e-5) / np.maximum(np.abs(weight).max(1), 1e-5)
        even = np.sqrt(spread)
        return (even / np.exp(np.log(even).mean())).astype(np.float32)

    def _quantised(self, weight: np.ndarray) -> tuple[str, str, str]:
        """A weight in 8 bits, its scale per column, its zero."""
        scale = np.maximum(np.abs(weight).max(axis=0), 1e-12) / _LARGEST
        whole = np.rint(weight / scale).astype(np.int8)
        zero = np.zeros(len(scale), dtype=np.int8)
        return self._constant(whole), self._constant(scale), self._constant(zero)

    def _skipped(self, norm: str, y: str, x: str) -> str:
        inputs = [y, x, *self._norm(norm)]
        kind = "SkipLayerNormalization"
        return self._add(kind, *inputs, domain=_FUSED, epsilon=self._epsilon)

    def _linear(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        return self._weights[f"{name}.weight"].T.copy(), self._weights[f"{name}.bias"].copy()

    def _norm(self, name: str) -> tuple[str, str]:
        scale, shift = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return self._constant(scale), self._constant(shift)

    @property
    def _epsilon(self) -> float:
        return float(self._settings["layer_norm_eps"])

    def _watch(self, layer: str, x: str) -> None:
        if self._inputs is None:
            self._add("Identity", x, named=layer)
            self._seen.append(layer)

    def _constant(self, value: np.ndarray) -> str:
        from onnx import numpy_helper

        name = f"constant {len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _add(self, kind: str, *inputs: str, named: str | None = None, **settings: Any) -> str:
        return self._add_all(kind, list(inputs), 1, named, **settings)[0]

    def _add_all(
        self, kind: str, inputs: list[str], n: int, named: str | None = None, **settings: Any
    ) -> list[str]:
        from onnx import helper

        outputs = [named or f"{kind} {len(self._nodes)} {k}" for k in range(n)]
        self._nodes.append(helper.make_node(kind, inputs, outputs, **settings))
        return outputs

    def _wrapped(self) -> onnx.ModelProto:
        from onnx import TensorProto, helper

        takes = [
            helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "pieces"]),
            helper.make_tensor_value_info("lengths", TensorProto.INT32, ["texts"]),
        ]
        names = ["vectors", *self._seen]
        gives = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in names]
        graph = helper.make_graph(self._nodes, "sentence model", takes, gives, self._constants)
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=9)


_SEEN_TRACKS = 200
"""Invented tracks the range of each channel is taken from."""
_PIECES = 512
"""Pieces of words computed at once: more do not fit the processor's cache."""


class OnnxEngine:
    """The model of `folder` in 8 bits; the graph is built on first use and kept at `built`."""

    def __init__(self, folder: Path, built: Path) -> None:
        from joblib import cpu_count
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        settings = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))
        self._tokenizer.enable_truncation(settings.get("max_seq_length") or 256)
        self._workers = cpu_count()
        self._session = _session(load_or_build(built, lambda: self._build(folder)))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Give the vectors, shape (n, dimension) float32; every core computes a batch of its own.

        Texts are put together by length, so that hardly any padding is computed.
        """
        ids = [e.ids for e in self._tokenizer.encode_batch_fast(list(texts))]
        batches = _by_length([len(pieces) for pieces in ids])
        with ThreadPoolExecutor(self._workers) as workers:
            done = list(workers.map(lambda rows: self._run([ids[r] for r in rows]), batches))
        vectors = np.concatenate(done)
        vectors[np.concatenate(batches)] = vectors.copy()
        return vectors

    def _run(self, ids: list[list[int]]) -> np.ndarray:
        return self._session.run(["vectors"], _padded(ids))[0]

    def _build(self, folder: Path) -> bytes:
        """Watch the inputs of every layer on invented tracks, then write the graph in 8 bits."""
        graph = sentence_graph(folder, None)
        layers = [output.name for output in graph.graph.output][1:]
        whole = _session(graph.SerializeToString())
        tracks = sentences(synthetic_library(_SEEN_TRACKS, seed=0))
        ids = [e.ids for e in self._tokenizer.encode_batch_fast(tracks)]
        largest = [
            [np.abs(x[0]).max(axis=0) for x in whole.run(layers, _padded([pieces]))]
            for pieces in ids
        ]
        inputs = dict(zip(layers, np.max(largest, axis=0), strict=True))
        return sentence_graph(folder, inputs).SerializeToString()


def _by_length(lengths: list[int]) -> list[np.ndarray]:
    """Rows in batches of at most `_PIECES` pieces, padding counted; shortest first."""
    order = np.argsort(lengths, kind="stable")
    batches, start = [], 0
    for end, row in enumerate(order):
        if end > start and lengths[row] * (end - start + 1) > _PIECES:
            batches.append(order[start:end])
            start = end
    return [*batches, order[start:]]


def _padded(ids: list[list[int]]) -> dict[str, np.ndarray]:
    lengths = np.array([len(pieces) for pieces in ids], dtype=np.int32)
    rows = np.zeros((len(ids), lengths.max()), dtype=np.int64)
    rows[np.arange(rows.shape[1]) < lengths[:, None]] = np.concatenate(ids)
    return {"ids": rows, "lengths": lengths}


def _session(graph: bytes) -> onnxruntime.InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # batches run side by side instead
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
