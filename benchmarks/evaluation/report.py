"""The results as tables for people."""

from __future__ import annotations

from typing import Any

__all__ = ["markdown"]


def markdown(whole: dict[str, Any], ours: str) -> str:
    """Markdown of what `evaluate.py` writes as JSON.

    Args:
        whole: The results.
        ours: The system that was run here; its row comes first.
    """
    model = whole["model"]
    mend = "flagged segments decoded again" if whole["mend"] else "nothing decoded again"
    lines = [
        f"# {model['name']} {model['version']}",
        "",
        f"Revision {model['revision'][:12]}, beam {whole['beam_size']}, {mend};"
        f" CTranslate2 {whole['ctranslate2']}, {whole['machine']['cores']} cores ({whole['machine']['processor']}).",
    ]
    signatures: dict[str, str] = {}
    for result in whole["results"]:
        rows = result["systems"]
        flags = list(rows[ours]["flags_percent"])
        comet = "COMET" in rows[ours]
        heads = ["system", "BLEU", "chrF", *(["COMET"] if comet else []), *(f"`{flag}` %" for flag in flags)]
        lines += ["", f"## {result['set']}, {result['pair']}, {result['lines']} lines", ""]
        lines += ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
        order = [ours, *sorted((name for name in rows if name != ours), key=lambda n: -rows[n]["chrF"]["score"])]
        for name in order:
            row = rows[name]
            cells = [f"**{name}**" if name == ours else name, _interval(row["BLEU"]), _interval(row["chrF"])]
            cells += [f"{row['COMET']:.3f}"] if comet else []
            cells += [f"{row['flags_percent'][flag]:.1f}" for flag in flags]
            lines.append("| " + " | ".join(cells) + " |")
        speed = result["speed"]
        lines += [
            "",
            f"{speed['lines_per_second']:.1f} lines and {speed['source_words_per_second']:.0f} source words a second,"
            f" {speed['cpu_seconds']:.0f} s of processor time in {speed['seconds']:.0f} s.",
        ]
        signatures |= {name: rows[ours][name]["signature"] for name in ("BLEU", "chrF")}
    lines += ["", "Score and 95% interval. Signatures:", ""]
    lines += [f"- {name}: `{signature}`" for name, signature in signatures.items()]
    return "\n".join(lines) + "\n"


def _interval(score: dict[str, Any]) -> str:
    if score["low"] is None:
        return f"{score['score']:.1f}"
    return f"{score['score']:.1f} ({score['low']:.1f} to {score['high']:.1f})"
