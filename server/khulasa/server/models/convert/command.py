"""`khulasa-server models convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from khulasa.server.models.errors import PackageError

__all__ = ["convert_command"]


def convert_command(
    source: Annotated[Path, typer.Argument(help="Folder of the model, or an archive of it (.argosmodel, zip, tar).")],
    output: Annotated[Path, typer.Argument(help="Folder that the package will be.")],
    kind: Annotated[
        str,
        typer.Option(help="opus-mt, nllb, m2m100, mt5, mbart, argos or ctranslate2. Default: found out."),
    ] = "",
    name: Annotated[str, typer.Option(help="Name of the package. Default: that of the source.")] = "",
    version: Annotated[str, typer.Option(help="Its version. Default: that of the source, or 1.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the weights. Default: what the model card states.")] = "",
    quantization: Annotated[
        str | None,
        typer.Option(
            help="Number format of converted weights: int8, int16, float16, bfloat16, float32. Default: int8."
        ),
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option(help="ar-en for a direction, ar for a summarizer's language; as often as needed."),
    ] = None,
    source_prefix: Annotated[
        str | None,
        typer.Option(help="Tokens before each source, separated by spaces; {source} and {target} stand for languages."),
    ] = None,
    source_suffix: Annotated[str | None, typer.Option(help="Tokens after each source.")] = None,
    target_prefix: Annotated[str | None, typer.Option(help="Tokens that each target begins with.")] = None,
    max_input_tokens: Annotated[
        int | None, typer.Option(help="Longest source, special tokens included. Default: what the files say.", min=8)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the output folder.")] = False,
    doubtful: Annotated[
        bool,
        typer.Option(
            "--doubtful", help="Also a model that tells plain translations from others no better than chance."
        ),
    ] = False,
) -> None:
    """Make a package of a model of another project: OPUS-MT, NLLB-200, M2M-100, mT5, mBART, Argos, CTranslate2."""
    from khulasa.server.models.convert.package import UNKNOWN_LICENCE, convert

    try:
        manifest = convert(
            source,
            output,
            kind=kind or None,
            name=name or None,
            version=version or None,
            licence=licence or None,
            quantization=quantization or "int8",
            insist_on_quantization=quantization is not None,
            pairs=pair or (),
            source_prefix=source_prefix,
            source_suffix=source_suffix,
            target_prefix=target_prefix,
            max_input_tokens=max_input_tokens,
            force=force,
            doubtful=doubtful,
        )
    except (PackageError, OSError) as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        typer.echo("stopped; nothing was written", err=True)
        raise typer.Exit(130) from None
    directions = ", ".join(
        f"{one.source}-{one.target}" if one.source != one.target else one.source for one in manifest.pairs
    )
    size = sum(entry.bytes for entry in manifest.files) / 1e6
    typer.echo(f"{manifest.name} {manifest.version}: {manifest.kind.value} {directions}, {size:,.0f} MB, in {output}")
    if manifest.licence == UNKNOWN_LICENCE:
        typer.echo("the source states no licence: convert again with --licence once you know it", err=True)
