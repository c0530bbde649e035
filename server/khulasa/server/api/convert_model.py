"""Models: core and api types to proto."""

from __future__ import annotations

from khulasa.server.api.limits import RequestLimits
from khulasa.server.api.ports import ModelDescription, ModelKind
from khulasa.server.core.translation.types import LanguagePair, ModelReference
from khulasa.v1 import common_pb2

__all__ = ["model_reference_to_proto", "model_to_proto"]

_KINDS: dict[ModelKind, common_pb2.ModelKind.ValueType] = {
    kind: common_pb2.ModelKind.Value(f"MODEL_KIND_{kind.name}") for kind in ModelKind
}


def model_reference_to_proto(reference: ModelReference, kind: ModelKind) -> common_pb2.ModelInfo:
    """Which model answered: no more than what reproduces the answer."""
    return common_pb2.ModelInfo(
        name=reference.name,
        version=reference.version,
        revision=reference.revision,
        kind=_KINDS[kind],
        vocabulary_map_revision=reference.vocabulary_map,
    )


def model_to_proto(model: ModelDescription, limits: RequestLimits) -> common_pb2.ModelInfo:
    """Everything that is known of a model."""
    return common_pb2.ModelInfo(
        name=model.name,
        version=model.version,
        revision=model.revision,
        kind=_KINDS[model.kind],
        language_pairs=[_pair(pair) for pair in model.pairs],
        language_codes=model.languages,
        licence=model.licence,
        limits=common_pb2.ModelLimits(
            max_input_tokens=model.max_input_tokens,
            max_article_chars=limits.max_article_chars,
            max_texts=limits.max_texts,
        ),
        quality=[
            common_pb2.QualityMeasurement(
                dataset=figure.dataset,
                language_pair=_pair(figure.pair),
                metric=figure.metric,
                value=figure.value,
                signature=figure.signature,
            )
            for figure in model.quality
        ],
        preview=model.preview,
        description=model.description,
        vocabulary_map_revision=model.vocabulary_map,
    )


def _pair(pair: LanguagePair) -> common_pb2.LanguagePair:
    return common_pb2.LanguagePair(source_language_code=pair.source, target_language_code=pair.target)
