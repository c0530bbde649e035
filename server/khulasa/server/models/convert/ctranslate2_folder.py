"""Models that are in CTranslate2's format already: any folder with a sentencepiece model, and Argos Translate packages.

Their weights are copied as they are; the server converts numbers to those that the machine is best at when it loads.
"""

from __future__ import annotations

import re
from pathlib import Path

from khulasa.server.models.convert.drafts import Draft, Pair, TokenFamily, Wishes, pairs_by_name, short_code
from khulasa.server.models.convert.languages import family_of, language_tokens
from khulasa.server.models.convert.ready import copy_model
from khulasa.server.models.convert.sources import find_sentencepiece, read_json
from khulasa.server.models.errors import PackageError
from khulasa.server.models.manifest import Decoding, Limits
from khulasa.server.models.vocabularies import read_vocabularies
from khulasa.server.models.weights import read_weights

__all__ = ["convert_argos", "convert_ctranslate2"]

_MOST_INPUT_TOKENS = 512
_MBART_25_LANGUAGES = 25
# argostranslate decodes with these and no others.
_ARGOS_DECODING = Decoding(beam_size=4, length_penalty=0.2)


def convert_ctranslate2(folder: Path, target: Path, wishes: Wishes) -> Draft:
    """Copies the CTranslate2 model in `folder` into the empty folder `target` and finds out how it is to be used.

    Raises:
        PackageError: files are missing or wrong, or the languages are unknown.
    """
    models = find_sentencepiece(folder)
    weights = read_weights(folder)
    copy_model(folder, target)
    vocabulary, _ = read_vocabularies(target)
    family = TokenFamily.NONE if weights.is_t5 else family_of(vocabulary)
    multilingual = family in (TokenFamily.NLLB, TokenFamily.M2M)
    pairs = wishes.pairs or ((Pair("ar", "en"), Pair("en", "ar")) if multilingual else ())
    pairs = pairs or pairs_by_name(wishes.name, folder.name)
    if not pairs:
        raise PackageError(f"{folder.name} does not tell its languages: give them as in --pair ar-en")
    return Draft(
        pairs=pairs,
        source_model=models[0],
        target_model=models[1],
        description="A CTranslate2 model, its weights as they were.",
        family=family,
        # OpenNMT's models have no end of the source; for all others this does, and one that config.json adds counts.
        expects_end=weights.is_marian or weights.is_t5 or family is not TokenFamily.NONE,
        legacy_codes=family is TokenFamily.MBART and len(language_tokens(vocabulary, family)) <= _MBART_25_LANGUAGES,
        limits=Limits(
            max_input_tokens=min(_MOST_INPUT_TOKENS, weights.positions or _MOST_INPUT_TOKENS),
            max_decoding_tokens=min(_MOST_INPUT_TOKENS, weights.positions or _MOST_INPUT_TOKENS),
        ),
    )


def convert_argos(folder: Path, target: Path, wishes: Wishes) -> Draft:
    """The same for an unpacked Argos Translate package: metadata.json, model/, sentencepiece.model.

    Raises:
        PackageError: files are missing or wrong, or it is another kind of package.
    """
    metadata = read_json(folder / "metadata.json")
    if metadata.get("type", "translate") != "translate":
        raise PackageError(f"{folder.name}: an Argos package for {metadata['type']!r}, not for translation")
    codes = [metadata.get("from_code"), metadata.get("to_code")]
    if not all(isinstance(code, str) and re.fullmatch("[a-z]{2,3}", code) for code in codes):
        raise PackageError("metadata.json: from_code and to_code tell no languages")
    pair = Pair(*(short_code(str(code)) for code in codes))
    if wishes.pairs and wishes.pairs != (pair,):
        raise PackageError(f"the package is for {pair}")
    model = folder / "sentencepiece.model"
    if not model.is_file():
        if (folder / "bpe.model").is_file():
            # Argos Translate 1.9 and later take older OPUS-MT models in: Moses' tokens, cut by subword-nmt.
            raise PackageError(
                f"{folder.name}: it has bpe.model instead of sentencepiece.model: an older OPUS-MT model, whose words"
                " are cut by Moses and subword-nmt, which are not read here; argos-ar-en and argos-en-ar of the catalog"
                " have sentencepiece.model"
            )
        raise PackageError(f"{folder.name}: sentencepiece.model is missing")
    weights = read_weights(folder / "model")
    copy_model(folder / "model", target)
    prefix = metadata.get("target_prefix") or ""
    if not isinstance(prefix, str) or len(prefix.split()) > 1:
        raise PackageError("metadata.json: target_prefix is one token")
    version = str(metadata.get("package_version") or "")
    return Draft(
        pairs=(pair,),
        source_model=model,
        target_model=model,
        description=f"Argos Translate {version}, its weights as they were.".replace("  ", " "),
        # argostranslate adds nothing to a source itself, so neither is anything added here.
        expects_end=False,
        target_prefix=prefix,
        version=version,
        limits=Limits(
            max_input_tokens=min(_MOST_INPUT_TOKENS, weights.positions or _MOST_INPUT_TOKENS),
            max_decoding_tokens=min(_MOST_INPUT_TOKENS, weights.positions or _MOST_INPUT_TOKENS),
        ),
        decoding=_ARGOS_DECODING,
    )
